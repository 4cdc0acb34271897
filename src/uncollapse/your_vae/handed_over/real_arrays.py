"""Arrays of real numbers, from whatever library made them."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray


class OutOfRange(ValueError):
    """An error about numbers that cannot be computed with, such as NaN, in an array of the right form."""


def to_doubles(name: str, array: Any) -> torch.Tensor:
    """Return an array or tensor of finite numbers as doubles on the CPU.

    The array may come from NumPy, torch, JAX, TensorFlow or pandas, in any real type, bfloat16 included.
    Raises ValueError, which names the argument, if there is no such array.
    """
    values = read_numbers(name, array)
    if not np.isfinite(values).all():
        bad = int((~np.isfinite(values)).sum())
        raise OutOfRange(f"{name}: {bad} of {values.size} values are NaN or infinite")
    return torch.from_numpy(values)


def read_numbers(name: str, array: Any) -> NDArray[np.float64]:
    """Return a new array of doubles.

    Raises ValueError, which names the argument, if it holds no real numbers.
    """
    if np.ma.isMaskedArray(array) and np.ma.is_masked(array):
        raise ValueError(f"{name}: is an array with masked values; pass its .data, and mask= for the padding")
    try:
        if isinstance(array, torch.Tensor):
            array = array.detach().to("cpu")
            array = array.to(torch.float64) if array.is_floating_point() else array  # NumPy has no bfloat16.
            array = array if array.layout == torch.strided else array.to_dense()
        values = to_numpy(array)
    except Exception as error:  # Every library has errors of its own for an array that cannot be read.
        raise ValueError(f"{name}: cannot be read as an array: {take_first_line(error)}") from None
    if values.dtype.kind not in "fiu":
        raise ValueError(f"{name}: should be an array of real numbers, not of {values.dtype}")
    return values.astype(np.float64)


def take_first_line(error: Exception) -> str:
    """Return the first line of an error's text, or the name of its class where it has no text."""
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__


def to_numpy(array: Any) -> NDArray[Any]:
    """Return a NumPy array, from an array or from a tensor on any device."""
    values = np.asarray(array.detach().cpu() if isinstance(array, torch.Tensor) else array)
    # NumPy knows JAX's bfloat16 by no other kind than this one.
    return values.astype(np.float32) if values.dtype.kind == "V" and values.dtype.names is None else values
