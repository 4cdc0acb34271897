"""Your own pictures: a folder, a zip or a tar. The folders inside are the labels of their pictures."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from uncollapse.data.sources import Example, Load, Source
from uncollapse.data.sources._bad import OnBad, Skipped
from uncollapse.data.sources._pictures import read_pictures


def image_folder(
    *, path: str, size: Annotated[int, Field(ge=4)] = 32, channels: Literal[1, 3] = 1, on_bad: OnBad = "stop"
) -> Load:
    """Read the middle square of each picture, `size` pixels wide, grey or in colour."""

    def load() -> Source:
        skipped = Skipped(on_bad)

        def examples() -> Iterator[Example]:
            for name, x in read_pictures(Path(path), skipped, size=size, channels=channels):
                yield Example(x, name.parent.name or None)

        return Source(examples(), f"pictures of {path}", "your own", facts=skipped.facts)

    return load
