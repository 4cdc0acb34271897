"""Progress bars and the numbers beside them. Digests leave this file out: no number depends on it."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from tqdm import tqdm

T = TypeVar("T")
SHOWN = ("seed", "epoch", "elbo", "kl", "beta", "active_units", "loss", "accuracy", "mi", "nll")


def count_items(items: Iterable[T], title: str, unit: str) -> Iterable[T]:
    """Return the items, and count them in a bar on a terminal."""
    return tqdm(items, desc=title, unit=f" {unit}", disable=None, dynamic_ncols=True)


def show_rows(rows: Iterable[Mapping[str, Any]], title: str, total: int) -> Mapping[str, Any]:
    """Take all rows, count them in a bar that shows the numbers of the last one, and return that one.

    There is no bar unless this is a terminal, and the last of no rows is empty.
    """
    tqdm.monitor_interval = 0  # Its monitor would be a thread, and threads do not survive a fork.
    last: Mapping[str, Any] = {}
    with tqdm(total=total, desc=title, disable=None, dynamic_ncols=True) as bar:
        for last in rows:
            bar.set_postfix(format_row(last), refresh=False)
            bar.update()
    return last


def format_row(row: Mapping[str, Any]) -> dict[str, str]:
    """Return the columns that a person watches, formatted."""
    return {name: f"{row[name]:.4g}" for name in SHOWN if name in row}
