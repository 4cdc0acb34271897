"""MedNIST: 58,954 medical pictures of six kinds, 64 x 64 (B. J. Erickson, Mayo Clinic; packed by MONAI)."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from uncollapse.data.sources import Example, Load, Source
from uncollapse.data.sources._bad import Skipped
from uncollapse.data.sources._pictures import read_pictures
from uncollapse.data.sources._raw import fetch

MEDNIST_URL = "https://github.com/Project-MONAI/MONAI-extra-test-data/releases/download/0.8.1/MedNIST.tar.gz"
MEDNIST_MD5 = "0bc7306e7427e00ad1c5526a6677552d"


def mednist(*, size: Annotated[int, Field(ge=4, le=64)] = 64) -> Load:
    """Load grey pictures of `size` pixels; an archive with fewer is accepted, and the card has its counts."""

    def load() -> Source:
        file = fetch(["MedNIST/MedNIST.tar.gz", "MedNIST.tar.gz"], [MEDNIST_URL], MEDNIST_MD5, repacked=True)
        skipped = Skipped("skip")  # A few files are no pictures.

        def examples() -> Iterator[Example]:
            for name, x in read_pictures(file, skipped, size=size, channels=1):
                yield Example(x, name.parent.name)

        return Source(examples(), f"MedNIST, {size} x {size}", "CC BY-SA 4.0", facts=skipped.facts)

    return load
