"""Prepared data: uint8 images or int tokens in four parts, and a card that says what they are.

`data/<data set>/` holds `<part>.npy`, `<part>.labels.npy` where there are labels, `vocabulary.txt` for text,
and `card.json`. The parts: `train` and `reserve` to learn from (see `methods/pretraining`), `valid`, `test`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from operator import add
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

PAD, UNKNOWN, END = 0, 1, 2  # tokens; words start behind them
Array = NDArray[Any]


@dataclass(frozen=True)
class Part:
    """Examples x, (N, ...) uint8 grey values, real values or integer tokens, and their labels, (N,), or None."""

    x: Array
    labels: Array | None = None

    def __len__(self) -> int:
        return len(self.x)

    def __add__(self, other: "Part") -> "Part":
        labels = None
        if self.labels is not None and other.labels is not None:
            labels = np.concatenate([self.labels, other.labels])
        return Part(np.concatenate([self.x, other.x]), labels)


def read(folder: Path, *names: str) -> Part:
    """The named parts of a prepared data set, one behind the other, memory-mapped if it is one."""
    parts = []
    for name in names:
        labels = folder / f"{name}.labels.npy"
        x = np.load(folder / f"{name}.npy", mmap_mode="r")
        parts.append(Part(x, np.load(labels) if labels.exists() else None))
    return reduce(add, parts)


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
