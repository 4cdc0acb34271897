"""The slot `source` of a data set.

Which examples?

One file for each source: `name.py` has a function `name`, whose arguments are what params.yaml may state.

It returns a function without arguments that loads the data set as a Source. Only this second function looks
for files, because the first one is also called to check the arguments. Files that start with an underscore
hold what several data sets share.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, get_args

from numpy.typing import NDArray

Official = Literal["train", "valid", "test"]
OFFICIAL: tuple[Official, ...] = get_args(Official)  # The parts of an official split.


class Example(NamedTuple):
    """An example: its content, its label and its part.

    `x` is a uint8 image, (H, W) or (H, W, C), or real values of any shape, or the words of a sentence. `part`
    is the part of the official split that the example belongs to; without such a split all are `train`.
    """

    x: NDArray[Any] | Sequence[str]
    label: str | None = None
    part: Official = "train"


@dataclass(frozen=True)
class Source:
    """A data set: its examples, read one at a time, and what the card should say about it.

    All examples are of one kind, images also of one shape; either all have labels or none. `source` and
    `licence` are for the card. `label_names` gives the order of the labels; without it they are in
    alphabetical order. A word is unknown if it occurs less than `minimum_count` times in the parts that are
    learned from, or if it is not one of the `vocabulary` most frequent. `facts` are further entries of the
    card; they are read after the last example, so that a source can count while it reads.
    """

    examples: Iterable[Example]
    source: str
    licence: str
    label_names: Sequence[str] = ()
    minimum_count: int = 1
    vocabulary: int | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


Load = Callable[[], Source]
