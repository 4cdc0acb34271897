"""Prepared data: uint8 images, real values or integer tokens in four parts, and a card that describes them.

`data/<data set>/` holds `<part>.npy`, `<part>.labels.npy` if there are labels, `vocabulary.txt` for text, and
`card.json`. The parts are `train` and `reserve`, which are learned from (see `methods/pretraining`), `valid`
and `test`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from uncollapse.pipeline import outputs

PAD, UNKNOWN, END = 0, 1, 2  # tokens; those of words come after them
Array = NDArray[Any]


class Concatenation:
    """Arrays (N_i, ...), read like one array (N, ...) without a copy of them all: for memory-mapped ones."""

    def __init__(self, arrays: Sequence[Array]) -> None:
        self.arrays, self.dtype = arrays, arrays[0].dtype
        self.ends = np.cumsum([len(array) for array in arrays])

    def __len__(self) -> int:
        return int(self.ends[-1])

    def __getitem__(self, index: slice | Array) -> Array:
        """The examples (B, ...) of a slice, or of indices (B,)."""
        indices = np.arange(*index.indices(len(self))) if isinstance(index, slice) else index
        source = np.searchsorted(self.ends, indices, side="right")  # the array that each one is in
        examples = np.empty((len(indices), *self.arrays[0].shape[1:]), self.dtype)
        for i, array in enumerate(self.arrays):
            inside = source == i
            examples[inside] = array[indices[inside] - (self.ends[i] - len(array))]
        return examples


@dataclass(frozen=True)
class Part:
    """A part of a data set: x, (N, ...) uint8 grey values, real values or tokens; labels, (N,), or None."""

    x: Array | Concatenation
    labels: Array | None = None

    def __len__(self) -> int:
        return len(self.x)


def read(folder: Path, *names: str) -> Part:
    """The named parts of a prepared data set as one, memory-mapped."""
    arrays = [np.load(outputs.array(folder, name), mmap_mode="r") for name in names]
    files = [outputs.labels(folder, name) for name in names]
    labelled = all(file.exists() for file in files)
    labels = np.concatenate([np.load(file) for file in files]) if labelled else None
    return Part(arrays[0] if len(arrays) == 1 else Concatenation(arrays), labels)


def batches(count: int, size: int, rng: np.random.Generator) -> Iterator[Array]:
    """The indices (size,) of random batches of `count` examples, each example at most once.

    A smaller rest is left out, unless it is all there is.
    """
    size = min(size, count)
    order = rng.permutation(count)
    for start in range(0, count - size + 1, size):
        yield order[start : start + size]


def to_tensor(x: Array, device: torch.device | str = "cpu") -> Tensor:
    """Grey values as floats in [0, 1]; real values as floats; tokens as integers, cut to the longest."""
    if np.issubdtype(x.dtype, np.floating):
        return torch.from_numpy(x.astype(np.float32)).to(device)
    if x.dtype == np.uint8:
        return torch.from_numpy(x.astype(np.float32) / 255).to(device)
    longest = int((x != PAD).sum(1).max())
    return torch.from_numpy(x[:, :longest].astype(np.int64)).to(device)
