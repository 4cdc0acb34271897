"""Encodings, weights and archives that are broken or hostile, at the doors that are not `make repro`.

More of them are in test_diagnose_command.py and test_load.py.
"""

import io
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from made_bad import OWNED, Make, Runs, cut, field, flipped, header, member, npz, raw, tarred, zipped
from made_files import load, md5, no_network, packed, picture
from project import ROOT
from refusals import Run, assert_told, nothing_changes, stand
from safetensors.torch import save_file
from toys import CARDS, LIKELIHOODS, NETS, toy_vae

import uncollapse
from uncollapse.data import npz as reader
from uncollapse.data.sources._raw import VARIABLE
from uncollapse.errors import UserError

GOOD = np.random.default_rng(0).normal(size=(40, 2))
WHOLE = npz(mu=GOOD, logvar=GOOD)
NPZ = r"a\\x1b\\nb.npz: should be an .npz file with arrays mu and logvar: "
ENCODINGS: dict[str, tuple[Make, str]] = {
    "a pickle": (raw(pickle.dumps({"mu": GOOD, "do": Runs()})), NPZ + "it is none, or it is cut short"),
    "labels that are pickles": (
        npz(mu=GOOD, logvar=GOOD, labels=np.array([Runs()])),
        NPZ + "labels: object arrays cannot be loaded",
    ),
    "another checksum": (flipped(WHOLE, 80), NPZ),
    "half of it": (cut(WHOLE), NPZ + "it is none, or it is cut short"),
    "a password": (field(WHOLE, 8, 1, 2), NPZ + ".*encrypted"),
    "an unknown packing": (field(WHOLE, 10, 77, 2), NPZ + ".*compression"),
    "a bomb": (field(WHOLE, 24, 2**32 - 2), NPZ + "mu: 4 GiB once unpacked, and this machine has 1 GiB"),
    "other arrays": (
        header("{'descr': '|u1', 'fortran_order': False, 'shape': (1,)}\n"),
        NPZ + "it has no array mu; its arrays: x, logvar",
    ),
    "a header with a quote that is left open": (header("{'descr: '|u1'}\n", "mu"), NPZ),
    "texts in a zip": (zipped({"mu.npy": b"1", "logvar.npy": b"2"}), NPZ),
    "a pipe": (os.mkfifo, NPZ + "it is a folder, a pipe or a device"),
    "complex numbers": (
        npz(mu=GOOD * 1j, logvar=GOOD),
        "mu: should be an array of real numbers, not of complex128",
    ),
    "dates": (
        npz(mu=GOOD.astype("M8[s]"), logvar=GOOD),
        "mu: should be an array of real numbers, not of datetime64",
    ),
    "labels in two columns": (
        npz(mu=GOOD, logvar=GOOD, labels=GOOD),
        "labels: should be whole numbers or names",
    ),
    "one label for all": (
        npz(mu=GOOD, logvar=GOOD, labels=np.zeros(40, int)),
        "labels: a probe needs at least five examples",
    ),
    "a label for each": (
        npz(mu=GOOD, logvar=GOOD, labels=np.arange(40)),
        "labels: a probe needs at least five examples",
    ),
}


@pytest.mark.parametrize("name", ENCODINGS)
def test_bad_encodings_are_one_line_and_all_that_stood_still_stands(
    run: Run, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Whose file has a name that would clear the screen and write a second line."""
    monkeypatch.setattr(reader, "measure_memory", lambda: 2**30)
    make, line = ENCODINGS[name]
    make(Path("a\x1b\nb.npz"))
    stand(Path())
    Path("a.png").write_text("a figure")
    with nothing_changes(Path()):
        code, out, err = run("diagnose", "a\x1b\nb.npz", "--json", "--figure", "a.png")
    assert (code, out, err.count("\n")) == (2, "", 1), err
    assert_told(f"^error: {line}", err.rstrip("\n"))
    assert not OWNED.exists(), "a pickle was run"


def saved() -> bytes:
    """Weights as torch.save writes them."""
    file = io.BytesIO()
    torch.save(toy_vae("images").state_dict(), file)
    return file.getvalue()


@pytest.mark.parametrize(
    ("file", "content", "line"),
    [
        (
            "weights.safetensors",
            pickle.dumps(Runs()),
            "weights.safetensors: not a safetensors file: .*; a pickle is not",
        ),
        ("weights.safetensors", saved(), "weights.safetensors: not a safetensors file: .*; a pickle is not"),
        ("weights.safetensors", b"", "weights.safetensors: not a safetensors file"),
        ("weights.safetensors", b"\xff" * 8 + b"{}", "weights.safetensors: not a safetensors file"),
        ("recipe.json", b"{", "recipe.json and card.json should be those of a training run: JSONDecodeError"),
        ("recipe.json", b"\xff\xfe", "should be those of a training run: UnicodeDecodeError"),
        ("recipe.json", b"[]", "should be those of a training run: TypeError"),
        ("recipe.json", b"{}", "should be those of a training run: KeyError"),
        (
            "recipe.json",
            b'{"net": {"use": "../../os"}}',
            "should be those of a training run: ModuleNotFoundError",
        ),
        ("card.json", b"null", "should be those of a training run: TypeError"),
        ("card.json", b'{"kind": "images", "shape": "4"}', "should be those of a training run: "),
    ],
)
def test_bad_files_of_a_model_are_one_line(tmp_path: Path, file: str, content: bytes, line: str) -> None:
    pieces = {"decoder": {"use": "plain"}, "posterior": {"use": "gaussian"}}
    recipe = {"dataset": "toy", "net": NETS["images"], "likelihood": {"use": LIKELIHOODS["images"]}, **pieces}
    (tmp_path / "recipe.json").write_text(json.dumps(recipe))
    (tmp_path / "card.json").write_text(json.dumps(CARDS["images"]))
    save_file(toy_vae("images").state_dict(), tmp_path / "weights.safetensors")
    uncollapse.load(tmp_path)
    (tmp_path / file).write_bytes(content)
    with nothing_changes(tmp_path), pytest.raises(UserError) as error:
        uncollapse.load(tmp_path)
    assert_told(line, str(error.value))
    assert not OWNED.exists(), "a pickle was run"


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz"])
@pytest.mark.parametrize("name", ["../../out/a.png", "/tmp/uncollapse-owned/a.png"])
def test_what_an_archive_calls_its_pictures_is_only_a_label(tmp_path: Path, kind: str, name: str) -> None:
    path = packed(tmp_path, {name: picture()}, kind)
    with nothing_changes(tmp_path.parent):
        [example] = load("image_folder", path=str(path))[1]
    assert example.label == Path(name).parent.name
    assert not OWNED.exists()


def test_links_are_not_followed_beside_a_picture(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(picture())
    links = [member("a/1.png", b"2", str(tmp_path / "secret.png")), member("a/2.png", b"1", "secret.png")]
    tarred(*links)(tmp_path / "a.tar")
    assert load("image_folder", path=str(tmp_path / "a.tar"))[1] == []


def test_omniglot_that_is_packed_flat_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    no_network(monkeypatch)
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    archive = packed(tmp_path, {"a.png": picture()}, "zip", "images_background")
    monkeypatch.setattr("torchvision.datasets.Omniglot.zips_md5", {"images_background": md5(archive)})
    with pytest.raises(UserError, match=r"a\.png should be <alphabet>/<character>/<picture>; pack it so$"):
        load("omniglot", version="resized")


@pytest.mark.parametrize(
    "arguments",
    [
        ["diagnose", "a.npz"],
        ["show", "$(id)"],
        ["cell", "a", "--commit", "--x"],
        ["cell", "../a-b-$(id)", "--commit", "abcdef1"],
    ],
)
def test_the_command_itself(tmp_path: Path, arguments: list[str]) -> None:
    raw(pickle.dumps(Runs()))(tmp_path / "a.npz")
    command = [sys.executable, "-c", "from uncollapse.cli import main; main()", *arguments]
    own = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    with nothing_changes(tmp_path):
        done = subprocess.run(command, cwd=tmp_path, env=own, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert_told("error: ", done.stderr.splitlines()[-1])
    assert not OWNED.exists()
