"""Data sets: a file each. A piece gives `load()`, which gives a Source; files that start with an underscore are shared by several."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, get_args

from numpy.typing import NDArray

Official = Literal["train", "valid", "test"]
OFFICIAL: tuple[Official, ...] = get_args(Official)  # the parts of official splits


class Example(NamedTuple):
    """x is a uint8 image (H, W) or (H, W, C), real values of any shape, or the words of a sentence; `part` is the part of the official split,
    if there is one, that it may be used for."""

    x: NDArray[Any] | Sequence[str]
    label: str | None = None
    part: Official = "train"


@dataclass(frozen=True)
class Source:
    """Examples as they come, one at a time: all of the same kind, images all of the same shape, and either all have labels or none.

    `label_names` says their order, where that is not the alphabet's. A word that is seen less often than `minimum_count` times in what is learned
    from is unknown, and so are all but the `vocabulary` most frequent. `facts` are what else the card should tell; they are read when the last
    example was given, so that a source can count on the way.
    """

    examples: Iterable[Example]
    source: str
    licence: str
    label_names: Sequence[str] = ()
    minimum_count: int = 1
    vocabulary: int | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


Load = Callable[[], Source]
