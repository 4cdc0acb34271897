"""The split of a data set: which examples stand in which part."""

import hashlib
from collections.abc import Sequence

import numpy as np

from uncollapse.data.part import Array
from uncollapse.data.sources import OFFICIAL
from uncollapse.errors import UserError
from uncollapse.seeds import numpy_generator

PARTS = ("valid", "test", "reserve", "train")  # In the order in which they are chosen; train may be the rest.
HELD_OUT = ("valid", "test")  # No example that stands in one of these stands in another part.


def digest_example(x: Array | Sequence[str]) -> int:
    """Return a number of 64 bits that equal examples share, and others hardly ever."""
    content = x.tobytes() if isinstance(x, np.ndarray) else "\n".join(x).encode()
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "little", signed=True)


def choose_parts(
    official: Array, digests: Array, *, seed: int, **counts: int | None
) -> tuple[dict[str, Array], int]:
    """Choose the examples of each part at random, by `seed`.

    Returns the indices of the examples of each part, and the number of examples that were left out because
    they are equal to one of valid or test. If some examples belong to an official part valid or test, the
    part of that name is chosen from these, and everything else from the official training part. Raises
    UserError if there are too few examples.
    """
    order = numpy_generator(seed, "split").permutation(len(official))
    left: dict[str, Array] = {part: order[official[order] == i] for i, part in enumerate(OFFICIAL)}
    origin = {part: part if len(left.get(part, ())) else "train" for part in PARTS}
    indices, repeated = {}, 0
    for part in PARTS:
        rest, count = left[origin[part]], counts[part]
        if (count is None and not len(rest)) or (count is not None and count > len(rest)):
            number = "all the rest" if count is None else count
            among = " of the official part" if len({"train", *origin.values()}) > 1 else ""
            equal = f", as {repeated} are equal to one of valid or test" if repeated else ""
            where = f"{len(rest)} examples{among} are left of {len(official)}{equal}"
            raise UserError(f"split.{part}: should be {number}, but {where}")
        indices[part] = rest[:count]
        left[origin[part]] = rest[len(indices[part]) :]
        if part in HELD_OUT:
            for name, others in left.items():
                equal = np.isin(digests[others], digests[indices[part]])
                left[name], repeated = others[~equal], repeated + int(equal.sum())
    return indices, repeated
