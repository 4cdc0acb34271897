"""The idx files of MNIST and its relatives."""

import gzip
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from uncollapse.data.sources import Example, Source
from uncollapse.data.sources._raw import fetch
from uncollapse.errors import UserError

FILES = [f"{part}-{what}-ubyte.gz" for part in ("train", "t10k") for what in ("images-idx3", "labels-idx1")]


def idx(
    dataset: str, address: str, licence: str, label_names: list[str], md5: Sequence[str | None]
) -> Source:
    """60,000 images to learn from and 10,000 to test, 28 x 28; `md5` of the four FILES."""
    files = {
        name: fetch([f"{dataset}/raw/{name}", f"{dataset}/{name}"], address + name, digest)
        for name, digest in zip(FILES, md5, strict=True)
    }

    def examples() -> Iterator[Example]:
        for part, prefix in (("train", "train"), ("test", "t10k")):
            images = values(files[f"{prefix}-images-idx3-ubyte.gz"], 3)
            labels = values(files[f"{prefix}-labels-idx1-ubyte.gz"], 1)
            for x, label in zip(images, labels, strict=True):
                yield Example(x, label_names[label], part)

    return Source(examples(), f"{dataset}, official files", licence, label_names)


def values(file: Path, axes: int) -> NDArray[np.uint8]:
    """The array of an idx file: a head of 4-byte numbers, the last `axes` of which are its shape, then bytes."""
    try:
        data = gzip.decompress(file.read_bytes())
        shape = np.frombuffer(data, ">i4", axes, 4)
        return np.frombuffer(data, np.uint8, offset=4 + 4 * axes).reshape(shape)
    except (OSError, EOFError, ValueError) as error:
        raise UserError(f"{file}: not a gzipped idx file: {error}") from None
