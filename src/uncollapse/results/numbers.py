"""Numbers with their intervals, as text. Shares are shown in per cent, their differences in points."""

import math
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from uncollapse.measures import Measure, list_columns

Row = Mapping[Any, Any]
NO_INTERVAL = " (one seed: no interval)"
MINUS = "−"


@cache
def measure_of(column: str) -> Measure:
    """How a column of measures is compared and shown."""
    return list_columns()[column]


def decimals(half: float, mean: float) -> int:
    """How many decimals show two digits of half an interval's width."""
    if half == 0:
        return 0 if mean == round(mean) else 2
    return 2 if math.isnan(half) else min(max(0, 1 - math.floor(math.log10(half))), 3)


def show(
    mean: float, low: float, high: float, unit: str = "", *, scale: float = 1.0, signed: bool = True
) -> str:
    """A number and its interval, to two digits of the interval: "−33.2 nats [−37.2, −29.2]"."""
    half = scale * (high - low) / 2
    digits, sign = decimals(half, scale * mean), "+" if signed else ""
    middle, left, right = (
        f"{scale * value:{sign}.{digits}f}".replace("-", MINUS) for value in (mean, low, high)
    )
    return f"{middle}{unit}{NO_INTERVAL}" if math.isnan(half) else f"{middle}{unit} [{left}, {right}]"


def effect(row: Row, *, units: bool = True) -> str:
    """The difference of a comparison with its interval; "at least" if the larger estimate is at its cap."""
    unit = measure_of(row["measure"]).unit
    suffix, scale = {"nats": (" nats", 1.0), "share": (" points", 100.0), "": ("", 1.0)}[unit]
    text = show(row["difference"], row["low"], row["high"], suffix if units else "", scale=scale)
    return f"at least {text}" if row["at_cap"] == "one" else text


def mean_of(means: Row, name: str, measure: Measure) -> str:
    """The mean of a measure over the seeds of a cell, ± half its interval; of shares the interval.

    "" if the cell has no such number; for an estimate at its cap the range up to its upper bound.
    """
    mean, low, high = (means[f"{name}{end}"] for end in ("", "_low", "_high"))
    if math.isnan(mean):
        return ""
    if measure.cap and means[measure.cap]:
        return f"{mean:.2f} to {means[measure.bound]:.2f}" if measure.bound else f"at least {mean:.2f}"
    if measure.unit == "share":
        return show(mean, low, high, " %", scale=100.0, signed=False).removesuffix(NO_INTERVAL)
    half = (high - low) / 2
    digits = decimals(half, mean)
    text = f"{mean:.{digits}f}" if math.isnan(half) else f"{mean:.{digits}f} ± {half:.{digits}f}"
    return text.replace("-", MINUS)


def times(cost: float) -> str:
    """Work as a multiple: "1.1 times the work"."""
    if math.isnan(cost):
        return "unknown work"
    return "as much work" if f"{cost:.2g}" == "1" else f"{cost:.2g} times the work"


def listed(items: Sequence[str]) -> str:
    """a, b and c."""
    return " and ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else items)
