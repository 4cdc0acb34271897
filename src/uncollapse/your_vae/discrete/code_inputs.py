"""The codes of anybody's VQ-VAE, checked: arrays of indices, in batches or by book."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from uncollapse.errors import shorten
from uncollapse.your_vae.handed_over.real_arrays import read_numbers

LARGEST_BOOK = 2**31


def split_books(codes: Any, books: int) -> list[Any]:
    """Return the codes of each book, from a list of them or from an array with the books as last axis."""
    if not isinstance(codes, list | tuple):
        codes = read_numbers("codes", codes)
        codes = [codes] if codes.ndim < 2 else [codes[..., index] for index in range(codes.shape[-1])]
    if len(codes) != books:
        raise ValueError(f"size: has {books} numbers for {len(codes)} books; give one for each book in codes")
    return list(codes)


def join_codes(codes: Any) -> Any:
    """Return codes whose batches, if they are a list of arrays, are put together."""
    if not isinstance(codes, list | tuple) or not all(hasattr(part, "shape") for part in codes) or not codes:
        return codes
    parts = [read_numbers("codes", part) for part in codes]
    if any(part.ndim < 2 for part in parts):
        raise ValueError(
            "codes: a list of arrays with one axis may be examples or batches; pass np.stack(codes) or "
            "np.concatenate(codes)"
        )
    if len({part.shape[1:] for part in parts}) > 1:
        shapes = " and ".join(sorted({str(part.shape[1:]) for part in parts}))
        raise ValueError(
            f"codes: the batches in the list should have examples of one shape, not {shapes}; for several "
            "books give a list of sizes"
        )
    return np.concatenate(parts)


def read_codes(codes: Any, size: Any) -> NDArray[np.int64]:
    """Return codes (N, ...) as integers. Raises ValueError, which names the argument, if they are none."""
    whole = isinstance(size, int | np.integer) and not isinstance(size, bool)
    if not whole or not 2 <= size <= LARGEST_BOOK:
        given = " ".join(shorten(size).split())  # Arrays are shown in several lines.
        raise ValueError(f"size: should be the number of codes in the book, 2 or more, not {given}")
    indices = read_numbers("codes", codes)
    if not bool((indices == np.round(indices)).all()):
        raise ValueError(
            "codes: should be whole numbers, the indices of the codes; probabilities go to probabilities="
        )
    if indices.ndim < 1 or len(indices) < 2 or indices[0].size < 1:
        raise ValueError(
            f"codes: should have the shape (examples, ...), with two examples or more, not {indices.shape}"
        )
    if indices.min() < -1 or indices.max() >= size:
        raise ValueError(
            f"codes: should be from 0 to size - 1 = {size - 1}, or -1 for none; they are from "
            f"{indices.min():.0f} to {indices.max():.0f}"
        )
    ordered = np.sort(indices)
    one_hot = bool((ordered[..., :-1] == 0).all() and (ordered[..., -1] == 1).all())
    if indices.ndim > 1 and indices.shape[-1] == size and one_hot:
        raise ValueError("codes: seem to be one-hot vectors; pass codes.argmax(-1)")
    if int((indices.reshape(len(indices), -1) >= 0).any(1).sum()) < 2:
        raise ValueError("codes: fewer than two examples have a code that is not -1")
    return indices.astype(np.int64)
