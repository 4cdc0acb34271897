"""Your own arrays: an .npz file with x, and labels if there are any."""

import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from uncollapse.data.sources import Example, Load, Source
from uncollapse.errors import UserError

UNREADABLE = (  # what numpy and zipfile raise for a damaged file, a pickle, or one without x
    OSError,
    EOFError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
)


def arrays(*, path: str) -> Load:
    """x: uint8 grey values (N, H, W) or colours (N, H, W, 3), or real values (N, ...). labels: (N,)."""

    def load() -> Source:
        x, labels = read_arrays(Path(path))

        def examples() -> Iterator[Example]:
            for i, example in enumerate(x):
                yield Example(example, None if labels is None else str(labels[i]))

        return Source(examples(), f"arrays of {path}", "your own")

    return load


def read_arrays(path: Path) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """x and labels. Raises UserError if the file cannot be read, or their shapes or types are wrong."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as content:  # pickles run code
            x, labels = content["x"], content.get("labels")
    except UNREADABLE as error:
        raise UserError(f"{path}: should be an .npz file with an array x: {error}") from None
    if x.ndim < 2 or not (x.dtype == np.uint8 or np.issubdtype(x.dtype, np.floating)):
        raise UserError(f"{path}: x should be (N, ...) of uint8 or real values, not {x.shape} of {x.dtype}")
    if not np.isfinite(x.astype(np.float32)).all():
        raise UserError(f"{path}: x holds NaN or infinite values")
    if labels is not None and labels.shape != x.shape[:1]:
        raise UserError(f"{path}: labels should be of the shape {x.shape[:1]}, not {labels.shape}")
    return x, labels
