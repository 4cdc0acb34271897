"""A progress bar, in a folder that digests leave out: what it looks like makes nothing stale."""

from collections.abc import Iterable
from typing import TypeVar

from tqdm import tqdm

T = TypeVar("T")


def progress(items: Iterable[T], title: str, unit: str) -> Iterable[T]:
    """The items, and on a terminal a bar that counts them."""
    return tqdm(items, desc=title, unit=f" {unit}", disable=None, dynamic_ncols=True)
