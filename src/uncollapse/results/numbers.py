"""Numbers with their intervals, as text. Shares are shown in per cent, their differences in points."""

import math
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from uncollapse.measures import Measure, list_columns

if TYPE_CHECKING:  # `advice` needs the words of this file, and no pandas.
    from uncollapse.results.rows import CellMeans, Comparison

NO_INTERVAL = " (one seed: no interval)"
MINUS = "−"


@cache
def find_measure(column: str) -> Measure:
    """Return how a column of measures is compared and shown."""
    return list_columns()[column]


def count_decimals(half: float, mean: float) -> int:
    """Count the decimals that show two digits of half an interval's width."""
    if half == 0:
        return 0 if mean == round(mean) else 2
    return 2 if math.isnan(half) else min(max(0, 1 - math.floor(math.log10(half))), 3)


def show_interval(
    mean: float, low: float, high: float, unit: str = "", *, scale: float = 1.0, signed: bool = True
) -> str:
    """Show a number and its interval, to two digits of the interval: "−33.2 nats [−37.2, −29.2]"."""
    half = scale * (high - low) / 2
    digits, sign = count_decimals(half, scale * mean), "+" if signed else ""
    numbers = [f"{scale * value:{sign}.{digits}f}".replace("-", MINUS) for value in (mean, low, high)]
    middle, left, right = numbers
    return f"{middle}{unit}{NO_INTERVAL}" if math.isnan(half) else f"{middle}{unit} [{left}, {right}]"


def show_difference(comparison: "Comparison", *, units: bool = True) -> str:
    """Show the difference of a comparison with its interval.

    It is "at least" so large if the larger estimate is at its cap.
    """
    unit = find_measure(comparison.measure).unit
    suffix, scale = {"nats": (" nats", 1.0), "share": (" points", 100.0), "": ("", 1.0)}[unit]
    ends = comparison.difference, comparison.low, comparison.high
    text = show_interval(*ends, suffix if units else "", scale=scale)
    return f"at least {text}" if comparison.at_cap == "one" else text


def show_mean(means: "CellMeans", name: str) -> str:
    """Show the mean of a measure over the seeds of a cell, ± half its interval.

    A share is shown with the ends of its interval, an estimate at its cap with its upper bound; the text is
    "" if the cell has no such number.
    """
    mean, low, high, _ = means.intervals[name]
    measure = find_measure(name)
    if math.isnan(mean):
        return ""
    if name in means.capped:
        return f"{mean:.2f} to {means[measure.bound]:.2f}" if measure.bound else f"at least {mean:.2f}"
    if measure.unit == "share":
        return show_interval(mean, low, high, " %", scale=100.0, signed=False).removesuffix(NO_INTERVAL)
    half = (high - low) / 2
    digits = count_decimals(half, mean)
    text = f"{mean:.{digits}f}" if math.isnan(half) else f"{mean:.{digits}f} ± {half:.{digits}f}"
    return text.replace("-", MINUS)


def describe_work(cost: float) -> str:
    """Say how much work it is, as a multiple: "1.1 times the work"."""
    if math.isnan(cost):
        return "unknown work"
    return "as much work" if f"{cost:.2g}" == "1" else f"{cost:.2g} times the work"


def join_words(items: Sequence[str]) -> str:
    """Join words to "a, b and c"."""
    return " and ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else items)
