"""CelebA (Liu et al. 2015): 202,599 faces, aligned; their middle 148 pixels, averaged down. Non-commercial research only."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from uncollapse.data.sources import OFFICIAL, Example, Load, Source
from uncollapse.data.sources._bad import Skipped
from uncollapse.data.sources._pictures import pictures
from uncollapse.data.sources._raw import fetch, find
from uncollapse.data.sources._text import lines
from uncollapse.errors import UserError

CROP = 148
SUBSET = "celeba/img_align_celeba_subset.tar"


def celeba(*, size: Annotated[int, Field(ge=4, le=CROP)] = 64, channels: Literal[1, 3] = 3) -> Load:
    """Pictures of `size` pixels, of the official split. Without the archive, a part of it that is named img_align_celeba_subset.tar is taken."""

    def load() -> Source:
        partition = fetch(
            ["celeba/list_eval_partition.txt"],
            "drive:0B7EVK8r0v71pY0NSMzRuSXJEVkk",
            "d32c9cbf5e040fd4025c592c306e6668",
        )
        parts = dict(line.decode().split() for _, line in lines(partition))
        whole = ["celeba/img_align_celeba.zip", "celeba/img_align_celeba"]
        subset = find([SUBSET]) if find(whole) is None else None
        file = (
            subset
            or find(whole[1:])
            or fetch(whole[:1], "drive:0B7EVK8r0v71pZjFTYXZWM3FlRnM", "00d2c5bc6d35e252742224ab0c1e8fcb")
        )
        skipped = Skipped("stop")

        def examples() -> Iterator[Example]:
            for name, x in pictures(file, skipped, size=size, channels=channels, crop=CROP):
                if name.name not in parts:
                    raise UserError(f"{file}: {name} is not in {partition}")
                yield Example(x, None, OFFICIAL[int(parts[name.name])])

        said = f"CelebA, aligned, {size} x {size}" + (", a subset" if subset else "")
        return Source(examples(), said, "non-commercial research, no redistribution", facts=skipped.facts)

    return load
