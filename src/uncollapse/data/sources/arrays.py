"""Your own arrays: an .npz file with x, and labels if there are any."""

import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from uncollapse.data.sources import Example, Load, Source
from uncollapse.errors import UserError


def arrays(*, path: str) -> Load:
    """x: uint8 grey values (N, H, W) or colours (N, H, W, 3), or real values (N, ...) for the likelihood `gaussian`. labels: (N,)."""

    def load() -> Source:
        try:
            with (
                Path(path).open("rb") as stream,
                np.load(stream, allow_pickle=False) as found,
            ):  # a pickle can run anything
                x, labels = found["x"], found.get("labels")
        except (
            OSError,
            EOFError,
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
            RuntimeError,
            zipfile.BadZipFile,
            zlib.error,
        ) as error:
            raise UserError(f"{path}: should be an .npz file with an array x: {error}") from None
        if x.ndim < 2 or not (x.dtype == np.uint8 or np.issubdtype(x.dtype, np.floating)):
            raise UserError(
                f"{path}: x should be (N, ...) of uint8 or real values, not {x.shape} of {x.dtype}"
            )
        if not np.isfinite(x.astype(np.float32)).all():
            raise UserError(f"{path}: x holds NaN or infinite values")
        if labels is not None and labels.shape != x.shape[:1]:
            raise UserError(f"{path}: labels should be of the shape {x.shape[:1]}, not {labels.shape}")

        def examples() -> Iterator[Example]:
            for i, one in enumerate(x):
                yield Example(one, None if labels is None else str(labels[i]))

        return Source(examples(), f"arrays of {path}", "your own")

    return load
