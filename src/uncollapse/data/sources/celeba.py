"""CelebA (Liu et al. 2015, arXiv 1411.7766): 202,599 aligned faces. Non-commercial research only."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from uncollapse.data.sources import OFFICIAL, Example, Load, Source
from uncollapse.data.sources._bad import Skipped
from uncollapse.data.sources._pictures import read_pictures
from uncollapse.data.sources._raw import DRIVE, fetch, find_raw
from uncollapse.data.sources._text import read_lines
from uncollapse.errors import UserError

CROP = 148  # Usual for VAEs; the pictures have 178 x 218 pixels.
PARTITION, ARCHIVE = "list_eval_partition.txt", "img_align_celeba.zip"
ALIGNED_FOLDER, SUBSET = "celeba/img_align_celeba", "celeba/img_align_celeba_subset.tar"


def celeba(*, size: Annotated[int, Field(ge=4, le=CROP)] = 64, channels: Literal[1, 3] = 3) -> Load:
    """Load the middle square of each face, `size` pixels wide, in the official split.

    The faces are read from ALIGNED_FOLDER, the official archive or SUBSET, a part of it: the first of these
    that is there.
    """

    def load() -> Source:
        partition = fetch_official(PARTITION)
        parts = dict(line.decode().split() for _, line in read_lines(partition))
        path = find_raw([ALIGNED_FOLDER, f"celeba/{ARCHIVE}", SUBSET])
        file = fetch_official(ARCHIVE) if path is None or path.name == ARCHIVE else path
        skipped = Skipped("stop")

        def examples() -> Iterator[Example]:
            for name, x in read_pictures(file, skipped, size=size, channels=channels, crop=CROP):
                if name.name not in parts:
                    raise UserError(f"{file}: {name} is not in {partition}")
                yield Example(x, None, OFFICIAL[int(parts[name.name])])

        subset = ", a subset" if file.name == Path(SUBSET).name else ""
        source = f"CelebA, aligned, {size} x {size}{subset}"
        return Source(examples(), source, "non-commercial research, no redistribution", facts=skipped.facts)

    return load


def fetch_official(name: str) -> Path:
    """Return an official file. Raises UserError if it is not there and cannot be downloaded."""
    from torchvision.datasets import CelebA  # The import takes seconds.

    ((identity, md5),) = [(identity, md5) for identity, md5, file in CelebA.file_list if file == name]
    return fetch([f"celeba/{name}"], [DRIVE + identity], md5)
