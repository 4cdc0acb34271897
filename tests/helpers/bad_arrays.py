"""Arrays that are broken or hostile: how to make each, and the words of the line about it."""

import pickle
from pathlib import Path

import numpy as np
from made_bad import Make, Runs, cut, field, flipped, header, named, npz, raw, zipped

GOOD = npz(x=np.arange(64, dtype=np.uint8).reshape(4, 4, 4))
NPZ = "should be an .npz file with an array x: "


def array(path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, np.zeros((3, 3)))


ARRAY_FILES: dict[str, tuple[Make, str]] = {
    "an .npz that is cut short": (cut(GOOD), NPZ + "it is none, or it is cut short"),
    "another checksum": (flipped(GOOD, 60), NPZ),
    "a pickle": (raw(pickle.dumps(Runs())), NPZ + "it is none, or it is cut short"),
    "a pickle in it": (npz(x=np.array([Runs()])), NPZ + "x: object arrays cannot be loaded"),
    "labels that are pickles": (npz(x=np.zeros((1, 2)), labels=np.array([Runs()])), "labels: object arrays"),
    "an array alone": (array, NPZ + "it is none, or it is cut short"),
    "no x": (npz(y=np.zeros((3, 2))), NPZ + "it has no array x; its arrays: y"),
    "x that is no array": (zipped({"x.npy": b"hello"}), NPZ),
    "a bomb": (field(GOOD, 24, 2**32 - 2), NPZ + "x: 4 GiB once unpacked, and this machine has 1 GiB"),
    "a long name": (named(npz(x=np.zeros((20, 8, 8), np.uint8)), 900), NPZ + r"File name .*\.\.\.$"),
    "a header with code in it": (header("__import__('os').mkdir('/tmp/uncollapse-owned')\n"), NPZ),
    "a header that asks for 2 ** 60 values": (
        header("{'descr': '|u1', 'fortran_order': False, 'shape': (1152921504606846976,)}\n"),
        NPZ,
    ),
    "a header with a quote that is left open": (header("{'descr: '|u1'}\n"), NPZ),
    "a header that is left open": (header("{'descr': '|u1', 'shape': (\n"), NPZ),
    "a header with a shape below zero": (
        header("{'descr': '|u1', 'fortran_order': False, 'shape': (-1, 2)}\n"),
        NPZ,
    ),
    "no example": (npz(x=np.zeros((0, 4, 4), np.uint8)), "source: there is no example in arrays of"),
    "examples without pixels": (
        npz(x=np.zeros((9, 0, 4), np.uint8)),
        r"x should be .* not \(9, 0, 4\) of uint8",
    ),
    "complex values": (npz(x=np.zeros((9, 2), complex)), "x should be .* of complex128"),
    "truth values": (npz(x=np.zeros((9, 2), bool)), "x should be .* of bool"),
    "texts": (npz(x=np.full((9, 2), "a")), "x should be .* of <U1"),
    "infinite values": (
        npz(x=np.full((9, 2), np.inf)),
        "18 of 18 values of x are NaN, infinite or beyond 3e38; leave",
    ),
    "values beyond single precision": (npz(x=np.array([[1e300, 1.0]])), "1 of 2 values of x are NaN"),
    "labels in two columns": (
        npz(x=np.zeros((9, 2)), labels=np.zeros((9, 2))),
        r"labels should have the shape \(9,\)",
    ),
    "real values for a bernoulli": (
        npz(x=np.zeros((9, 2))),
        "x holds real values; bernoulli is for grey values",
    ),
    "a folder": (Path.mkdir, NPZ + "it is a folder, a pipe or a device"),
    "a device": (lambda path: path.symlink_to("/dev/zero"), NPZ + "it is a folder, a pipe or a device"),
    "one image again and again": (
        npz(x=np.zeros((50, 4, 4), np.uint8)),
        "split.test: should be 7, but 0 examples are left of 50, as 45 are equal to one of valid or test",
    ),
}
