"""Files of data sets, made for tests."""

import io
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from uncollapse.data.sources import Example, Source
from uncollapse.experiment.pieces import resolve
from uncollapse.registry import build

STREAM = np.random.default_rng(0)


def load(use: str, **arguments: Any) -> tuple[Source, list[Example]]:
    """A source and all of its examples."""
    source = build("data/sources", resolve("here", "data/sources", {"use": use, **arguments}))()
    return source, list(source.examples)


def picture(
    size: tuple[int, int] = (40, 30), kind: str = "PNG", mode: str = "RGB", value: int | None = None
) -> bytes:
    """A picture as a file has it."""
    pixels = (
        STREAM.integers(0, 256, (size[1], size[0], 3), np.uint8)
        if value is None
        else np.full((size[1], size[0], 3), value, np.uint8)
    )
    out = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(out, kind)
    return out.getvalue()


def packed(place: Path, files: dict[str, bytes], pack: str) -> Path:
    """Files as a folder or an archive."""
    path = place / ("pictures" if pack == "folder" else f"pictures.{pack}")
    if pack == "folder":
        for name, data in files.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(data)
    elif pack == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in files.items():
                archive.writestr(name, data)
    else:
        with tarfile.open(path, "w:gz" if pack == "tar.gz" else "w") as archive:
            for name, data in files.items():
                info = tarfile.TarInfo(name)
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
    return path
