"""Your own arrays: an .npz file with x, and labels if there are any."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from uncollapse.data.npz import read_npz
from uncollapse.data.sources import Example, Load, Source
from uncollapse.errors import UserError


def arrays(*, path: str) -> Load:
    """Read x: uint8 grey values (N, H, W) or colours (N, H, W, 3), or real values (N, ...); labels (N,)."""

    def load() -> Source:
        x, labels = read_arrays(Path(path))

        def examples() -> Iterator[Example]:
            for i, example in enumerate(x):
                yield Example(example, None if labels is None else str(labels[i]))

        return Source(examples(), f"arrays of {path}", "your own")

    return load


def read_arrays(path: Path) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """Return x and labels. Raises UserError if the file cannot be read, or shapes or types are wrong."""
    try:
        found = read_npz(path, ("x",), ("labels",))
    except (OSError, ValueError) as error:
        raise UserError(error) from None
    x, labels = found["x"], found.get("labels")
    if x.ndim < 2 or 0 in x.shape[1:] or not (x.dtype == np.uint8 or np.issubdtype(x.dtype, np.floating)):
        raise UserError(f"{path}: x should be (N, ...) of uint8 or real values, not {x.shape} of {x.dtype}")
    with np.errstate(over="ignore"):
        finite = np.isfinite(x.astype(np.float32, copy=False))
    if not finite.all():
        bad = f"{finite.size - finite.sum()} of {finite.size}"
        raise UserError(f"{path}: {bad} values of x are NaN, infinite or beyond 3e38; leave them out")
    if labels is not None and labels.shape != x.shape[:1]:
        raise UserError(f"{path}: labels should have the shape {x.shape[:1]}, not {labels.shape}")
    return x, labels
