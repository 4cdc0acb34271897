"""Pictures of any format from a folder, a zip or a tar, one at a time. Nothing is unpacked to disk."""

import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from io import BytesIO
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from uncollapse.data.sources._bad import Skipped
from uncollapse.errors import UserError


def members(path: Path) -> Iterator[tuple[PurePosixPath, Callable[[], bytes]]]:
    """Names, and functions that read them, of the files of a folder, a zip or a tar, in the order of their names (a tar's: as they come), but for hidden ones.

    Raises UserError where `path` is none of these.
    """
    try:
        if path.is_dir():
            for file in sorted(file for file in path.rglob("*") if file.is_file()):
                if not hidden(name := PurePosixPath(file.relative_to(path).as_posix())):
                    yield name, file.read_bytes
        elif zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                for one in sorted(archive.infolist(), key=lambda one: one.filename):
                    if not one.is_dir() and not hidden(name := PurePosixPath(one.filename)):
                        yield name, partial(archive.read, one)
        else:
            with tarfile.open(path, "r|*") as archive:
                for one in archive:
                    if (
                        one.isfile()
                        and not hidden(name := PurePosixPath(one.name))
                        and (stream := archive.extractfile(one))
                    ):
                        yield name, stream.read
    except (OSError, EOFError, tarfile.TarError, zipfile.BadZipFile) as error:
        raise UserError(f"{path}: should be a folder, a zip or a tar of pictures: {error}") from None


def hidden(name: PurePosixPath) -> bool:
    """Is this a file of the system's, like .DS_Store or __MACOSX/...?"""
    return any(part.startswith((".", "__MACOSX")) and part != ".." for part in name.parts)


def decode(data: bytes, *, size: int, channels: int, crop: int | None = None) -> NDArray[np.uint8]:
    """A picture as (size, size) grey or (size, size, 3) colour values: its middle square, of `crop` pixels if that is stated, averaged down.

    Raises ValueError or OSError where it is none.
    """
    try:
        with Image.open(BytesIO(data)) as picture:
            if picture.mode[0] in "IF":
                raise ValueError(
                    f"{picture.mode}, not 8 bits a value; save it as a usual grey or colour picture"
                )
            upright = ImageOps.exif_transpose(picture).convert("L" if channels == 1 else "RGB")
    except (UnidentifiedImageError, Image.DecompressionBombError, SyntaxError) as error:
        raise ValueError(
            "not a picture" if isinstance(error, UnidentifiedImageError) else str(error)
        ) from None
    if crop is not None:
        left, top = (upright.width - crop) // 2, (upright.height - crop) // 2
        upright = upright.crop((left, top, left + crop, top + crop))
    return np.asarray(ImageOps.fit(upright, (size, size), Image.Resampling.BOX))


def pictures(
    path: Path, skipped: Skipped, *, size: int, channels: int, crop: int | None = None
) -> Iterator[tuple[PurePosixPath, NDArray[np.uint8]]]:
    """The name and the pixels of every picture in `path`."""
    for name, read in members(path):
        try:
            x = decode(read(), size=size, channels=channels, crop=crop)
        except (ValueError, OSError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
            skipped(path / name, error)
            continue
        yield name, x
