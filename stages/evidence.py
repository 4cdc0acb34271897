"""What the comparisons show: effects in words and numbers, and which are beyond chance."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from uncollapse.comparison import MEASURES

UNITS = {
    "nll": " nats",
    "elbo": " nats",
    "kl": " nats",
    "mi": " nats",
    "collapsed": " points",
    "probe_accuracy": " points",
}
Row = Mapping[Any, Any]


def decimals(half: float) -> int:
    """How many decimals show two digits of half an interval's width."""
    return 2 if math.isnan(half) or half == 0 else min(max(0, 1 - math.floor(math.log10(half))), 3)


def show(mean: float, low: float, high: float, unit: str = "", signed: bool = True) -> str:
    """A number and its interval, to two digits of the interval: "-33.2 nats [-37.2, -29.2]"; shares in per cent for " points" and " %"."""
    scale = 100.0 if unit in (" points", " %") else 1.0
    half = scale * (high - low) / 2
    digits = decimals(half)

    def one(value: float) -> str:
        return f"{scale * value:{'+' if signed else ''}.{digits}f}".replace("-", "−")

    if math.isnan(half):
        return f"{one(mean)}{unit} (one seed: no interval)"
    return f"{one(mean)}{unit} [{one(low)}, {one(high)}]"


def plus_minus(cell: Row, measure: str) -> str:
    """The mean of a measure over the seeds of a cell, and half the width of its interval; "" where there is none; an mi at its cap up to kl."""
    scale = 100.0 if UNITS.get(measure) == " points" else 1.0
    mean, half = scale * cell[measure], scale * (cell[f"{measure}_high"] - cell[measure])
    if math.isnan(mean):
        return ""
    if measure == "mi" and cell["mi_at_cap"]:
        return f"{mean:.2f} to {cell['kl']:.2f}"
    digits = decimals(half)
    text = f"{mean:.{digits}f}" + ("" if math.isnan(half) else f" ± {half:.{digits}f}") + (" %" if scale > 1 else "")
    return text.replace("-", "−")


def difference(row: Row | None) -> tuple[str, str]:
    """The difference of a comparison for the table, and what it is beyond chance: better, worse, changed, or ""."""
    if row is None or row["at_cap"]:
        return "", ""
    sign = MEASURES[row["measure"]]
    beyond = (
        {1: "better", -1: "worse", 0: ""}[direction(row, sign)] if sign else "changed" if row["beyond_chance"] else ""
    )
    return effect(row).replace(" nats", "").replace(" points", ""), beyond


def effect(row: Row) -> str:
    """The difference of a comparison with its interval."""
    return show(row["difference"], row["low"], row["high"], UNITS.get(row["measure"], ""))


def direction(row: Row | None, better: int, least: float = 0.0) -> int:
    """1 for better and -1 for worse, where that is beyond chance and `least` or more, else 0. `better` is the sign of a change for the better."""
    if row is None or not row["beyond_chance"] or row["at_cap"] or abs(row["difference"]) < least:
        return 0
    return better if row["difference"] > 0 else -better


class Evidence:
    """The comparisons and the means of the cells, to be asked for. Less than `eps` nats are no information, as in the collapse of a dimension."""

    def __init__(self, comparison: pd.DataFrame, cells: pd.DataFrame, eps: float) -> None:
        self.eps = eps
        names = ["question", "dataset", "model", "method", "against_method", "measure"]
        self.rows = {tuple(row[name] for name in names): row for row in comparison.to_dict("records")}
        self.cells = {(row["dataset"], row["model"], row["method"]): row for row in cells.to_dict("records")}
        self.datasets = list(cells["dataset"].drop_duplicates())
        self.models, self.methods = (list(cells[what].drop_duplicates()) for what in ("model", "method"))

    def find(self, question: str, dataset: str, model: str, method: str, against: str, measure: str) -> Row | None:
        """A comparison, None where it cannot be made."""
        return self.rows.get((question, dataset, model, method, against, measure))


VERDICTS = {  # by what is shown of collapse and of likelihood: 1 better, -1 worse
    (1, 1): "a remedy: less collapse and better likelihood",
    (1, 0): "less collapse, no gain in likelihood shown",
    (1, -1): "no remedy: less collapse, but worse likelihood",
    (0, 1): "better likelihood, no less collapse shown",
    (0, 0): "no effect shown",
    (0, -1): "worse likelihood",
    (-1, 1): "better likelihood, but more collapse",
    (-1, 0): "more collapse",
    (-1, -1): "more collapse and worse likelihood",
}


def judge(found: Evidence, dataset: str, model: str, method: str, plain: str) -> tuple[tuple[int, int], str] | None:
    """What a method does to a model: to collapse and to likelihood, and the comparisons that say so; None where it cannot be said."""
    nll, collapsed, mi = (
        found.find("method", dataset, model, method, plain, what) for what in ("nll", "collapsed", "mi")
    )
    if nll is None or collapsed is None:
        return None
    fewer, more = direction(collapsed, -1), direction(mi, 1, found.eps)
    told = [f"nll {effect(nll)}", f"collapsed dimensions {effect(collapsed)}"]
    if mi is not None and not mi["at_cap"]:
        told.append(f"mi {effect(mi)}")
    cost = found.cells[dataset, model, method]["cost"]
    told.append("as many gradient steps" if cost == 1 else f"{cost:.3g} times the gradient steps")
    return (fewer or more, direction(nll, -1)), ", ".join(told)
