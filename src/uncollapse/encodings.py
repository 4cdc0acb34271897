"""Encodings of anybody's VAE, checked: arrays of means and log-variances, also from a file."""

import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import torch
from numpy.typing import NDArray


def numbers(name: str, array: Any) -> torch.Tensor:
    """An array or tensor of finite numbers as doubles on the CPU. Raises ValueError if it is none."""
    if isinstance(array, torch.Tensor) and array.is_floating_point():
        array = array.detach().to("cpu", torch.float64)  # numpy has no bfloat16
    plain = np.asarray(array)
    if plain.dtype.kind not in "fiu":
        raise ValueError(f"{name}: should be an array of real numbers, not of {plain.dtype}")
    if not np.isfinite(plain).all():
        raise ValueError(
            f"{name}: {int((~np.isfinite(plain)).sum())} of {plain.size} values are NaN or infinite"
        )
    return torch.from_numpy(plain.astype(np.float64))


def load(file: Path) -> dict[str, NDArray[Any]]:
    """The arrays mu, logvar and, if it is there, labels of an .npz file. Raises ValueError or OSError
    with one line."""
    with file.open("rb") as stream:
        try:
            arrays = np.load(stream, allow_pickle=False)  # a pickle can run anything
            if not isinstance(arrays, np.lib.npyio.NpzFile):
                raise ValueError("one array only")
            for name in ("mu", "logvar"):
                if name not in arrays.files:
                    raise ValueError(f"no array {name}; there are {', '.join(arrays.files) or 'none'}")
            return {name: member(arrays, name) for name in ("mu", "logvar", "labels") if name in arrays.files}
        except (ValueError, EOFError, BadZipFile, zlib.error, MemoryError, RuntimeError) as error:
            raise ValueError(f"{file}: should be an .npz file of arrays mu and logvar: {error}") from None


def member(arrays: Mapping[str, NDArray[Any]], name: str) -> NDArray[Any]:
    """An array of an archive. Raises ValueError, which names it."""
    try:
        return arrays[name]
    except ValueError as error:
        raise ValueError(f"{name}: {str(error).lower()}") from None
