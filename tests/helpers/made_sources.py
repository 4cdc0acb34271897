"""Small sources, to be prepared."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from uncollapse.data.sources import Example, Source

COUNTS: dict[str, Any] = {"reserve": 10, "valid": 5, "test": 7, "train": None, "seed": 0}
SIZES = {"reserve": 10, "valid": 5, "test": 7, "train": 28}


def images(count: int = 50, first: int = 0, part: Any = "train") -> list[Example]:
    """Images with their number in the first pixel, and as their label."""
    numbered = [np.full((2, 2), i, np.uint8) for i in range(first, first + count)]
    return [Example(x, str(x[0, 0]), part) for x in numbered]


def source(examples: Sequence[Any], **more: Any) -> Source:
    """Of examples, or of the x of unlabelled ones."""
    wrapped = (x if isinstance(x, Example) else Example(x) for x in examples)
    return Source(wrapped, "made up", "none", **more)
