"""How to make files of data that are broken or hostile."""

import os
import struct
import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from made_files import packed

Make = Callable[[Path], Any]  # writes to a path
OWNED = Path("/tmp/uncollapse-owned")


class Runs:
    """What a pickle of it would do: make the file OWNED."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(OWNED),)


def raw(data: bytes) -> Make:
    return lambda path: path.write_bytes(data)


def npz(**arrays: Any) -> Make:
    def make(path: Path) -> None:
        with path.open("wb") as file:
            np.savez_compressed(file, **arrays)

    return make


def changed(make: Make, change: Callable[[bytearray], Any]) -> Make:
    """What another one makes, with some bytes changed."""

    def remake(path: Path) -> None:
        make(path)
        data = bytearray(path.read_bytes())
        data = change(data) or data
        path.write_bytes(data)

    return remake


def cut(make: Make, share: float = 0.6) -> Make:
    return changed(make, lambda data: data[: int(share * len(data))])


def flipped(make: Make, place: int) -> Make:
    def flip(data: bytearray) -> None:
        data[place] ^= 255

    return changed(make, flip)


def field(make: Make, offset: int, value: int, size: int = 4) -> Make:
    """A zip with another number in a field of each entry of its directory, such as 24: the unpacked size."""

    def write(data: bytearray) -> None:
        at = data.find(b"PK\x01\x02")
        while at >= 0:
            data[at + offset : at + offset + size] = value.to_bytes(size, "little")
            at = data.find(b"PK\x01\x02", at + 4)

    return changed(make, write)


def named(make: Make, length: int) -> Make:
    """A zip whose first file claims a name of such a length."""

    def write(data: bytearray) -> None:
        data[26:28] = length.to_bytes(2, "little")

    return changed(make, write)


def zipped(files: dict[str, bytes]) -> Make:
    def make(path: Path) -> None:
        packed(path.parent, files, "zip", "made").rename(path)

    return make


def header(text: str, name: str = "x") -> Make:
    """An .npz file of which an array has this header and no data."""
    packed_header = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode()
    return zipped({f"{name}.npy": packed_header, "logvar.npy": b""})


def tarred(*members: tarfile.TarInfo) -> Make:
    """A tar of members without contents."""
    return raw(b"".join(member.tobuf() for member in members) + bytes(1024))


def member(name: str, kind: bytes = tarfile.REGTYPE, target: str = "", size: int = 0) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, target, size
    return info


def png(width: int, height: int) -> bytes:
    """The first bytes of a PNG that says it is so large."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    ihdr = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", ihdr) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    )


FIX = r"; fix it, take it out, or set `on_bad: skip`$"
