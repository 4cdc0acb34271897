"""The idx files of MNIST and its relatives.

torchvision has their addresses and checksums. The files are read here, because torchvision and mlxtend read
only unpacked ones.
"""

import gzip
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from uncollapse.data.sources import Example, Official, Source
from uncollapse.data.sources._raw import fetch
from uncollapse.errors import UserError

PREFIXES: dict[Official, str] = {"train": "train", "test": "t10k"}


def load_idx(dataset: str, licence: str, label_names: Sequence[str]) -> Source:
    """Load 60,000 images to learn from and 10,000 to test, 28 x 28, by their name in torchvision."""
    from torchvision import datasets  # The import takes seconds.

    official = getattr(datasets, dataset)
    files = {
        name: fetch(
            [f"{dataset}/raw/{name}", f"{dataset}/{name}"], [url + name for url in official.mirrors], md5
        )
        for name, md5 in official.resources
    }

    def examples() -> Iterator[Example]:
        for part, prefix in PREFIXES.items():
            images = read_idx(files[f"{prefix}-images-idx3-ubyte.gz"], 3)
            labels = read_idx(files[f"{prefix}-labels-idx1-ubyte.gz"], 1)
            for x, label in zip(images, labels, strict=True):
                yield Example(x, label_names[label], part)

    return Source(examples(), f"{dataset}, official files", licence, label_names)


def read_idx(file: Path, axes: int) -> NDArray[np.uint8]:
    """Return the array in a gzipped idx file.

    The file holds integers of 4 bytes, the last `axes` of which are the shape of the array, and then its
    bytes. Raises UserError if it is no such file.
    """
    try:
        data = gzip.decompress(file.read_bytes())
        shape = np.frombuffer(data, ">i4", axes, 4)
        return np.frombuffer(data, np.uint8, offset=4 + 4 * axes).reshape(shape)
    except (OSError, EOFError, ValueError) as error:
        raise UserError(f"{file}: not a gzipped idx file: {error}") from None
