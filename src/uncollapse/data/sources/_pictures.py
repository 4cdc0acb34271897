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

Member = tuple[PurePosixPath, Callable[[], bytes]]  # A file's name, and a function that reads the file.

LARGEST_PICTURE = 2**29  # Bytes. Pillow decodes no picture of more than 2**27 pixels and a third.


def list_members(path: Path) -> Iterator[Member]:
    """Yield the files of a folder or an archive that are not hidden.

    They come sorted by name, those of a tar in its own order. Raises UserError if `path` is no folder, zip or
    tar.
    """
    if not (path.is_dir() or path.is_file()):
        raise UserError(f"{path}: no such folder or file")
    kind = list_folder if path.is_dir() else list_zip if zipfile.is_zipfile(path) else list_tar
    try:
        yield from ((name, read) for name, read in kind(path) if not is_hidden(name))
    except Exception as error:  # A broken archive leads to anything: ValueError, struct.error, LZMAError.
        why = error or type(error).__name__
        raise UserError(f"{path}: should be a folder, a zip or a tar of pictures: {why}") from None


def list_folder(path: Path) -> Iterator[Member]:
    """Yield the files of a folder and of the folders in it."""
    for file in sorted(file for file in path.rglob("*") if file.is_file()):
        yield PurePosixPath(file.relative_to(path).as_posix()), file.read_bytes


def list_zip(path: Path) -> Iterator[Member]:
    """Yield the files of a zip."""
    with zipfile.ZipFile(path) as archive:
        for member in sorted(archive.infolist(), key=lambda member: member.filename):
            if not member.is_dir():
                yield (
                    PurePosixPath(member.filename),
                    partial(unpack, member.file_size, partial(archive.read, member)),
                )


def list_tar(path: Path) -> Iterator[Member]:
    """Yield the files of a tar, which is read from front to back."""
    with tarfile.open(path, "r|*") as archive:
        for member in archive:
            if member.isfile() and (content := archive.extractfile(member)):  # No links, no devices.
                yield PurePosixPath(member.name), partial(unpack, member.size, content.read)


def unpack(size: int, read: Callable[[], bytes]) -> bytes:
    """Return what `read` returns. Raises ValueError for a bomb: more bytes than any picture has."""
    if size > LARGEST_PICTURE:
        raise ValueError(f"{size / 2**30:.3g} GiB once unpacked, more than a picture has")
    return read()


def is_hidden(name: PurePosixPath) -> bool:
    """Tell whether this is a file of the operating system, such as .DS_Store or __MACOSX/... ."""
    return any(part.startswith((".", "__MACOSX")) and part != ".." for part in name.parts)


def decode_picture(data: bytes, *, size: int, channels: int, crop: int | None = None) -> NDArray[np.uint8]:
    """Decode a picture to grey values (size, size) or colours (size, size, 3).

    The picture's largest middle square, or its middle `crop` x `crop` pixels, is averaged down. Raises
    ValueError or OSError if `data` is no picture with 8 bits per value.
    """
    try:
        with Image.open(BytesIO(data)) as picture:
            if picture.mode[0] in "IF":
                fix = "save it as a usual grey or colour picture"
                raise ValueError(f"{picture.mode}, not 8 bits a value; {fix}")
            upright = ImageOps.exif_transpose(picture).convert("L" if channels == 1 else "RGB")
    except UnidentifiedImageError:
        raise ValueError("not a picture") from None
    except (Image.DecompressionBombError, SyntaxError) as error:
        raise ValueError(str(error)) from None
    if crop is not None:
        left, top = (upright.width - crop) // 2, (upright.height - crop) // 2
        upright = upright.crop((left, top, left + crop, top + crop))
    return np.asarray(ImageOps.fit(upright, (size, size), Image.Resampling.BOX))


def read_pictures(
    path: Path, skipped: Skipped, *, size: int, channels: int, crop: int | None = None
) -> Iterator[tuple[PurePosixPath, NDArray[np.uint8]]]:
    """Yield the name and the pixels of every picture in `path`; other files are `skipped`."""
    for name, read in list_members(path):
        try:
            name.parent.name.encode()  # This name is a label.
            x = decode_picture(read(), size=size, channels=channels, crop=crop)
        except UnicodeEncodeError:
            skipped(path / name, "the name of its folder is not UTF-8; rename it")
            continue
        except Exception as error:  # A broken picture leads to anything; it depends on the format.
            skipped(path / name, error)
            continue
        yield name, x
