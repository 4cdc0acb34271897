"""Prepared data: uint8 images, real values or integer tokens in four parts, and a card that describes them.

Each seed has a split of its own, in `data/<data set>/<seed>/`; a data set with an official split has one for
all seeds, in `data/<data set>/`. Such a folder holds `<part>.npy`, `<part>.labels.npy` if there are labels,
`vocabulary.txt` for text, `classifier.safetensors` for images with labels, and `card.json`. The parts are
`train` and `reserve`, which are learned from (see `methods/pretraining`), `valid` and `test`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

PAD, UNKNOWN, END = 0, 1, 2  # The tokens of words come after these.
POOL = 10  # When all batches were sorted at once, as in He et al. 2019, kjv learned a tenth more slowly.
Array = NDArray[Any]


class Concatenation:
    """Memory-mapped arrays (N_i, ...) that are read like one array (N, ...), without a copy of them all."""

    def __init__(self, arrays: Sequence[Array]) -> None:
        self.arrays, self.dtype = arrays, arrays[0].dtype
        self.ends = np.cumsum([len(array) for array in arrays])

    def __len__(self) -> int:
        return int(self.ends[-1])

    def __getitem__(self, index: slice | Array) -> Array:
        """Return the examples (B, ...) of a slice, or of indices (B,)."""
        indices = np.arange(*index.indices(len(self))) if isinstance(index, slice) else index
        examples = np.empty((len(indices), *self.arrays[0].shape[1:]), self.dtype)
        for array, end in zip(self.arrays, self.ends, strict=True):
            inside = (indices < end) & (indices >= end - len(array))
            examples[inside] = array[indices[inside] - (end - len(array))]
        return examples


@dataclass(frozen=True)
class Part:
    """A part of a data set: x, (N, ...) uint8 grey values, real values or tokens; labels, (N,), or None."""

    x: Array | Concatenation
    labels: Array | None = None

    def __len__(self) -> int:
        return len(self.x)

    @cached_property
    def lengths(self) -> Array | None:
        """The number of tokens of each example, (N,); None for images."""
        images = self.x.dtype == np.uint8 or np.issubdtype(self.x.dtype, np.floating)
        return None if images else (self.x[:] != PAD).sum(1)


def draw_batches(part: Part, size: int, rng: np.random.Generator) -> list[Array]:
    """Draw the indices (size,) of random batches of a part, each example at most once.

    Sentences are sorted by length within every `POOL` batches, so that little of a batch is padding. A
    smaller rest is left out, unless it is all there is.
    """
    size = min(size, len(part))
    order = rng.permutation(len(part))[: len(part) // size * size]
    if part.lengths is None:
        return list(order.reshape(-1, size))
    pool = np.arange(len(order)) // (POOL * size)
    order = order[np.lexsort((part.lengths[order], pool))]
    return list(rng.permutation(order.reshape(-1, size)))


def to_tensor(x: Array, device: torch.device | str = "cpu") -> Tensor:
    """Convert grey values to floats in [0, 1], real values to floats, and tokens to integers.

    Tokens are cut to the longest example.
    """
    if np.issubdtype(x.dtype, np.floating):
        return torch.from_numpy(x.astype(np.float32)).to(device)
    if x.dtype == np.uint8:
        return torch.from_numpy(x.astype(np.float32) / 255).to(device)
    longest = int((x != PAD).sum(1).max())
    return torch.from_numpy(x[:, :longest].astype(np.int64)).to(device)
