"""Data sets: a file each. A piece gives `load()`, which gives a Source."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray


@dataclass(frozen=True)
class Source:
    """Examples as they come: uint8 images (N, H, W), or sentences, each a list of words."""

    x: NDArray[Any] | Sequence[Sequence[str]]
    source: str
    licence: str
    labels: NDArray[Any] | None = None
    label_names: list[str] = field(default_factory=list)
    minimum_count: int = 1  # a word that is seen less often in training is unknown


Load = Callable[[], Source]
