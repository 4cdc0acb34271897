"""What the comparisons show: effects in words and numbers, and which are beyond chance."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from uncollapse.measures import columns

MEASURES = columns()

NATS = ("nll", "elbo", "kl", "mi")
Row = Mapping[Any, Any]


def unit(measure: str) -> str:
    """The unit of a difference; shares are shown in per cent, their differences in points."""
    return " nats" if measure in NATS else " points" if MEASURES[measure].unit == "share" else ""


def decimals(half: float, mean: float) -> int:
    """How many decimals show two digits of half an interval's width."""
    if half == 0:
        return 0 if mean == round(mean) else 2
    return 2 if math.isnan(half) else min(max(0, 1 - math.floor(math.log10(half))), 3)


def show(mean: float, low: float, high: float, unit: str = "", signed: bool = True) -> str:
    """A number and its interval, to two digits of the interval: "-33.2 nats [-37.2, -29.2]"; shares in per cent for " points" and " %"."""
    scale = 100.0 if unit in (" points", " %") else 1.0
    half = scale * (high - low) / 2
    digits = decimals(half, scale * mean)

    def one(value: float) -> str:
        return f"{scale * value:{'+' if signed else ''}.{digits}f}".replace("-", "−")

    if math.isnan(half):
        return f"{one(mean)}{unit} (one seed: no interval)"
    return f"{one(mean)}{unit} [{one(low)}, {one(high)}]"


def plus_minus(cell: Row, measure: str) -> str:
    """The mean of a measure over the seeds of a cell, and half the width of its interval, of shares the interval; "" where there is none; an mi
    at its cap up to kl."""
    mean, low, high = (cell[f"{measure}{end}"] for end in ("", "_low", "_high"))
    if math.isnan(mean):
        return ""
    if measure == "mi" and cell["mi_at_cap"]:
        return f"{mean:.2f} to {cell['kl']:.2f}"
    if MEASURES[measure].unit == "share":
        return show(mean, low, high, " %", signed=False).replace(" (one seed: no interval)", "")
    digits = decimals((high - low) / 2, mean)
    text = f"{mean:.{digits}f}" + ("" if math.isnan(low) else f" ± {(high - low) / 2:.{digits}f}")
    return text.replace("-", "−")


def difference(row: Row | None, eps: float) -> tuple[str, str]:
    """The difference of a comparison for the table, and what it is beyond chance: better, worse, changed, or ""."""
    if row is None or row["at_cap"] == "both":
        return "", ""
    sign = direction(row, eps)
    beyond = (
        {1: "better", -1: "worse"}.get(sign, "")
        if MEASURES[row["measure"]].better
        else "changed"
        if row["beyond_chance"]
        else ""
    )
    return effect(row).replace(" nats", "").replace(" points", ""), beyond


def effect(row: Row) -> str:
    """The difference of a comparison with its interval."""
    text = show(row["difference"], row["low"], row["high"], unit(row["measure"]))
    return f"at least {text}" if row["at_cap"] == "one" else text


def direction(row: Row | None, eps: float) -> int:
    """1 for better and -1 for worse, where that is beyond chance, else 0. Less than `eps` nats are no information."""
    if row is None or not row["beyond_chance"] or (row["measure"] == "mi" and abs(row["difference"]) < eps):
        return 0
    return MEASURES[row["measure"]].better * (1 if row["difference"] > 0 else -1)


class Evidence:
    """The comparisons and the means of the cells, to be asked for; `grid` is recipes/grid.json."""

    def __init__(self, comparison: pd.DataFrame, cells: pd.DataFrame, grid: Mapping[str, Any]) -> None:
        names = ["question", "dataset", "model", "method", "against_method", "measure"]
        self.rows = {tuple(row[name] for name in names): row for row in comparison.to_dict("records")}
        self.cells = {(row["dataset"], row["model"], row["method"]): row for row in cells.to_dict("records")}
        self.datasets, self.models, self.methods = (
            list(dict.fromkeys(axis)) for axis in zip(*grid["cells"], strict=True)
        )
        self.vae, self.plain, self.seeds = grid["vae"], grid["plain"], len(grid["seeds"])
        self.eps, self.delta = grid["evaluation"]["eps"], grid["evaluation"]["delta"]

    def find(
        self, question: str, dataset: str, model: str, method: str, against: str, measure: str
    ) -> Row | None:
        """A comparison, None where it cannot be made."""
        return self.rows.get((question, dataset, model, method, against, measure))

    def signs(self, *rows: Row | None) -> tuple[int, ...]:
        """Their directions."""
        return tuple(direction(row, self.eps) for row in rows)


LATENTS = {
    (0, 1): "less collapse",
    (0, -1): "more collapse",
    (1, 1): "more information",
    (1, -1): "less information",
}


def verdict(fewer: int, more: int, fit: int) -> str:
    """What is shown of collapse, information and likelihood (1 better, -1 worse), in words."""
    if not (fewer or more or fit):
        return "no effect shown"
    latents = [LATENTS[place, sign] for place, sign in enumerate((fewer, more)) if sign] or [
        "no difference in collapse shown"
    ]
    likelihood = {1: "better likelihood", -1: "worse likelihood", 0: "no difference in likelihood shown"}[fit]
    kept = max(fewer, more) > 0 and min(fewer, more) >= 0
    lead = {1: "a remedy: ", -1: "no remedy: "}.get(fit, "") if kept else ""
    return f"{lead}{', '.join([*latents, likelihood])}"


def judge(found: Evidence, dataset: str, model: str, method: str) -> tuple[tuple[int, ...], str] | None:
    """What a method does to a model: to collapse, to information and to likelihood, and the comparisons that say so; None where it cannot be said."""
    rows = [
        found.find("method", dataset, model, method, found.plain, what) for what in ("collapsed", "mi", "nll")
    ]
    collapsed, mi, nll = rows
    if nll is None or collapsed is None:
        return None
    told = [f"nll {effect(nll)}", f"collapsed dimensions {effect(collapsed)}"]
    if mi is not None and mi["at_cap"] != "both":
        told.append(f"mi {effect(mi)}")
    cost = found.cells[dataset, model, method]["cost"]
    told.append("as many gradient steps" if cost == 1 else f"{cost:.2g} times the gradient steps")
    return found.signs(*rows), ", ".join(told)
