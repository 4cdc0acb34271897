"""Files of data sets, made for tests."""

import gzip
import hashlib
import io
import struct
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
from numpy.typing import NDArray
from PIL import Image

from uncollapse.check_entries import resolve_entry
from uncollapse.data.sources import Example, Source
from uncollapse.registry import make_piece

RNG = np.random.default_rng(0)


def load(use: str, **arguments: Any) -> tuple[Source, list[Example]]:
    """A source and all of its examples."""
    source = make_piece("data/sources", resolve_entry("here", "data/sources", {"use": use, **arguments}))()
    return source, list(source.examples)


def stacked(examples: list[Example]) -> NDArray[Any]:
    """Their x as one array (N, ...)."""
    return np.stack([np.asarray(example.x) for example in examples])


def md5(file: Path) -> str:
    """The checksum of a file."""
    return hashlib.md5(file.read_bytes()).hexdigest()


def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing can be downloaded."""

    def refuse(*_: object, **__: object) -> None:
        raise requests.ConnectionError("no network")

    monkeypatch.setattr(requests.Session, "send", refuse)


def picture(
    size: tuple[int, int] = (40, 30), kind: str = "PNG", mode: str = "RGB", value: int | None = None
) -> bytes:
    """The bytes of a picture, (width, height), all of one `value` or at random."""
    shape = (size[1], size[0], 3)
    pixels = RNG.integers(0, 256, shape, np.uint8) if value is None else np.full(shape, value, np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(file, kind)
    return file.getvalue()


def packed(folder: Path, files: Mapping[str, bytes], kind: str, name: str = "pictures") -> Path:
    """Files as a folder, a zip, a tar or a tar.gz."""
    path = folder / (name if kind == "folder" else f"{name}.{kind}")
    if kind == "folder":
        for member, data in files.items():
            (path / member).parent.mkdir(parents=True, exist_ok=True)
            (path / member).write_bytes(data)
    elif kind == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            for member, data in files.items():
                archive.writestr(member, data)
    else:
        with tarfile.open(path, "w:gz" if kind == "tar.gz" else "w") as archive:
            for member, data in files.items():
                info = tarfile.TarInfo(member)
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
    return path


def idx_files(folder: Path, train: NDArray[np.uint8], test: NDArray[np.uint8]) -> list[tuple[str, str]]:
    """The four gzipped idx files of images (N, 28, 28), labelled 0, 1, ...; their names and checksums."""
    folder.mkdir(parents=True)
    table = []
    for part, x in {"train": train, "t10k": test}.items():
        images = struct.pack(">4i", 2051, *x.shape) + x.tobytes()
        labels = struct.pack(">2i", 2049, len(x)) + bytes(range(len(x)))
        for kind, data in {"images-idx3": images, "labels-idx1": labels}.items():
            file = folder / f"{part}-{kind}-ubyte.gz"
            file.write_bytes(gzip.compress(data))
            table.append((file.name, md5(file)))
    return table
