"""Prepared data: uint8 images or int tokens in four parts, and a card that says what they are.

`data/<data set>/` holds `<part>.npy`, `<part>.labels.npy` where there are labels, `vocabulary.txt` for text,
and `card.json`. The parts: `train` and `reserve` to learn from (see `methods/pretraining`), `valid`, `test`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

PAD, UNKNOWN, END = 0, 1, 2  # tokens; words start behind them
Array = NDArray[Any]


class Rows:
    """Arrays one behind the other, read like one array: for memory-mapped ones, which should not be copied together."""

    def __init__(self, arrays: Sequence[Array]) -> None:
        self.arrays, self.dtype = arrays, arrays[0].dtype
        self.ends = np.cumsum([len(one) for one in arrays])

    def __len__(self) -> int:
        return int(self.ends[-1])

    def __getitem__(self, place: slice | Array) -> Array:
        """The examples at some places: a slice, or an array of numbers."""
        places = np.arange(*place.indices(len(self))) if isinstance(place, slice) else place
        which = np.searchsorted(self.ends, places, side="right")
        found = np.empty((len(places), *self.arrays[0].shape[1:]), self.dtype)
        for i, one in enumerate(self.arrays):
            mine = which == i
            found[mine] = one[places[mine] - (self.ends[i] - len(one))]
        return found


@dataclass(frozen=True)
class Part:
    """Examples x, (N, ...) uint8 grey values, real values or integer tokens, and their labels, (N,), or None."""

    x: Array | Rows
    labels: Array | None = None

    def __len__(self) -> int:
        return len(self.x)


def read(folder: Path, *names: str) -> Part:
    """The named parts of a prepared data set, one behind the other, memory-mapped."""
    arrays = [np.load(folder / f"{name}.npy", mmap_mode="r") for name in names]
    files = [folder / f"{name}.labels.npy" for name in names]
    labels = (
        np.concatenate([np.load(file) for file in files]) if all(file.exists() for file in files) else None
    )
    return Part(arrays[0] if len(arrays) == 1 else Rows(arrays), labels)


def batches(count: int, size: int, stream: np.random.Generator) -> Iterator[Array]:
    """The places of random batches, each place at most once; a smaller rest is left out, unless it is all there is."""
    size = min(size, count)
    order = stream.permutation(count)
    for start in range(0, count - size + 1, size):
        yield order[start : start + size]


def to_tensor(x: Array, device: torch.device | str = "cpu") -> Tensor:
    """Grey values as floats in [0, 1]; real values as floats; tokens as integers, cut to the longest of the batch."""
    if np.issubdtype(x.dtype, np.floating):
        return torch.from_numpy(x.astype(np.float32)).to(device)
    if x.dtype == np.uint8:
        return torch.from_numpy(x.astype(np.float32) / 255).to(device)
    longest = int((x != PAD).sum(1).max())
    return torch.from_numpy(x[:, :longest].astype(np.int64)).to(device)
