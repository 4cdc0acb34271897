"""Batches of arrays, joined along the examples."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from uncollapse.your_vae.handed_over.real_arrays import to_doubles

DEEPEST = 6  # Lists of batches are not nested deeper.
PLAIN = (bool, int, float, complex, str, bytes, type(None), np.generic)


def is_array(value: Any) -> bool:
    """Return whether a value is an array of any library."""
    return isinstance(value, Tensor) or (
        hasattr(type(value), "__array__") and not hasattr(type(value), "log_prob")
    )


def is_plain(value: Any) -> bool:
    """Return whether a value is a number, or a list of numbers, of lists of numbers and so on."""
    for _ in range(DEEPEST):
        if not isinstance(value, list | tuple) or not value:
            break
        value = value[0]
    return isinstance(value, PLAIN)


def is_list_of_arrays(value: Any) -> bool:
    """Return whether a value is a list or tuple of arrays, such as one for each batch."""
    return isinstance(value, list | tuple) and bool(value) and all(is_array(item) for item in value)


def unpack_objects(given: Any) -> Any:
    """Return the items of a NumPy array of objects as a list, and anything else as it is."""
    objects = isinstance(given, np.ndarray) and given.dtype == object and given.ndim == 1
    return list(given) if objects else given


def join_batches(name: str, given: Any, depth: int = 0) -> Tensor:
    """Return the doubles of an array, or of a list of arrays, which are joined along the examples.

    A list of arrays with one dimension is one of examples. Raises ValueError, which names the argument.
    """
    given = unpack_objects(given)
    if not isinstance(given, list | tuple) or is_plain(given):
        return to_doubles(name, given)
    if depth == DEEPEST or not given:
        raise ValueError(f"{name}: should be an array or a list of arrays, not an empty or a deeper list")
    parts = [join_batches(name, item, depth + 1) for item in given]
    shapes = [tuple(part.shape) for part in parts]
    other = next((shape for shape in shapes if not belong_together(shapes[0], shape)), None)
    if other is not None:
        raise ValueError(describe_mixed_shapes(name, shapes[0], other))
    return torch.cat(parts) if parts[0].ndim > 1 else torch.stack(parts)


def belong_together(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    """Return whether arrays of two shapes are batches, or single examples, of the same latents."""
    single = len(one) < 2 or len(other) < 2
    return one == other if single else one[1:] == other[1:]


def describe_mixed_shapes(name: str, one: tuple[int, ...], other: tuple[int, ...]) -> str:
    """Return the line about a list whose items are no batches of the same latents."""
    return (
        f"{name}: the items of a list are joined along the examples, but two of these have the shapes {one} "
        f"and {other}; for the levels of a hierarchy pass levels=[(mu, logvar), (mu, logvar)]"
    )
