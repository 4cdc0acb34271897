"""Pictures of any format from a folder, a zip or a tar, one at a time; nothing is unpacked to disk."""

import tarfile
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from io import BytesIO
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from uncollapse.data.sources._bad import Skipped
from uncollapse.errors import UserError

Member = tuple[PurePosixPath, Callable[[], bytes]]  # a file's name, and a function that reads it

LARGEST = 2**29  # bytes of a picture; Pillow decodes none of more than 2**27 pixels and a third


def members(path: Path) -> Iterator[Member]:
    """The files of a folder or an archive that are not hidden, by name; those of a tar in its own order.

    Raises UserError if `path` is no folder, zip or tar.
    """
    if not (path.is_dir() or path.is_file()):
        raise UserError(f"{path}: no such folder or file")
    kind = in_folder if path.is_dir() else in_zip if zipfile.is_zipfile(path) else in_tar
    try:
        yield from ((name, read) for name, read in kind(path) if not hidden(name))
    except Exception as error:  # a broken archive leads to anything: ValueError, struct.error, LZMAError, ...
        why = error or type(error).__name__
        raise UserError(f"{path}: should be a folder, a zip or a tar of pictures: {why}") from None


def in_folder(path: Path) -> Iterator[Member]:
    """The files of a folder and its folders."""
    for file in sorted(file for file in path.rglob("*") if file.is_file()):
        yield PurePosixPath(file.relative_to(path).as_posix()), file.read_bytes


def in_zip(path: Path) -> Iterator[Member]:
    """The files of a zip."""
    with zipfile.ZipFile(path) as archive:
        for member in sorted(archive.infolist(), key=lambda member: member.filename):
            if not member.is_dir():
                yield (
                    PurePosixPath(member.filename),
                    partial(unpack, member.file_size, partial(archive.read, member)),
                )


def in_tar(path: Path) -> Iterator[Member]:
    """The files of a tar, which is read from front to back."""
    with tarfile.open(path, "r|*") as archive:
        for member in archive:
            if member.isfile() and (content := archive.extractfile(member)):  # no link, no device
                yield PurePosixPath(member.name), partial(unpack, member.size, content.read)


def unpack(size: int, read: Callable[[], bytes]) -> bytes:
    """What `read` gives. Raises ValueError for a bomb: a picture that would have more bytes than any."""
    if size > LARGEST:
        raise ValueError(f"{size / 2**30:.3g} GiB once unpacked, more than a picture has")
    return read()


def hidden(name: PurePosixPath) -> bool:
    """Is this a file of the operating system, like .DS_Store or __MACOSX/...?"""
    return any(part.startswith((".", "__MACOSX")) and part != ".." for part in name.parts)


def decode(data: bytes, *, size: int, channels: int, crop: int | None = None) -> NDArray[np.uint8]:
    """A picture as grey values (size, size) or colours (size, size, 3).

    It is the picture's largest middle square, or its middle `crop` x `crop` pixels, averaged down. Raises
    ValueError or OSError if `data` is no picture of 8 bits a value.
    """
    try:
        with Image.open(BytesIO(data)) as picture:
            if picture.mode[0] in "IF":
                mend = "save it as a usual grey or colour picture"
                raise ValueError(f"{picture.mode}, not 8 bits a value; {mend}")
            upright = ImageOps.exif_transpose(picture).convert("L" if channels == 1 else "RGB")
    except UnidentifiedImageError:
        raise ValueError("not a picture") from None
    except (Image.DecompressionBombError, SyntaxError) as error:
        raise ValueError(str(error)) from None
    if crop is not None:
        left, top = (upright.width - crop) // 2, (upright.height - crop) // 2
        upright = upright.crop((left, top, left + crop, top + crop))
    return np.asarray(ImageOps.fit(upright, (size, size), Image.Resampling.BOX))


def pictures(
    path: Path, skipped: Skipped, *, size: int, channels: int, crop: int | None = None
) -> Iterator[tuple[PurePosixPath, NDArray[np.uint8]]]:
    """The name and the pixels of every picture in `path`; a file that cannot be decoded is `skipped`."""
    for name, read in members(path):
        try:
            name.parent.name.encode()  # it is a label
            x = decode(read(), size=size, channels=channels, crop=crop)
        except UnicodeEncodeError:
            skipped(path / name, "the name of its folder is not UTF-8; rename it")
            continue
        except Exception as error:  # a broken picture leads to anything, by its format
            skipped(path / name, error)
            continue
        yield name, x
