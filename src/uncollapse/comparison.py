"""What differs between cells, seed by seed, and whether it is beyond chance.

Runs of the same seed share initial weights, batches and noise, so cells are compared by the differences of paired seeds:

    d_s = value of seed s in a cell - value of seed s in the cell that it is compared with
    interval: mean(d) +- t(0.975, n - 1) * sd(d) / sqrt(n),    p: Student's test of mean(d) = 0

It is beyond chance where p, after Holm's correction (Holm 1979) over all comparisons of one data set, measure and question, is below 0.05.
"""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import stdtr, stdtrit

from uncollapse.cells import Cell

LEVEL = 0.95
MEASURES = {
    "nll": -1,
    "elbo": 1,
    "kl": 0,
    "mi": 1,
    "active_units": 1,
    "collapsed": -1,
    "probe_accuracy": 1,
}  # 1: more is better


class Interval(NamedTuple):
    """A mean, Student's 95 % interval of it, and p of his test that it is 0; all but the mean are nan for fewer than two values."""

    mean: float
    low: float
    high: float
    p: float


class Pair(NamedTuple):
    """A cell, the one that it is compared with, and the question that this answers: `method`, `model` or `combination`."""

    question: str
    cell: Cell
    against: Cell


def interval(values: ArrayLike) -> Interval:
    """Of the values (S,) of several seeds; of all that are not nan."""
    known = np.asarray(values, np.float64)
    known = known[~np.isnan(known)]
    count = len(known)
    mean = float(known.mean()) if count else math.nan
    if count < 2:
        return Interval(mean, math.nan, math.nan, math.nan)
    error = float(known.std(ddof=1)) / math.sqrt(count)
    if error <= 1e-12 * float(np.abs(known).max()):  # all the same: t is infinite, or 0 / 0
        return Interval(mean, mean, mean, float(mean == 0))
    half = float(stdtrit(count - 1, (1 + LEVEL) / 2)) * error
    return Interval(mean, mean - half, mean + half, 2 * float(stdtr(count - 1, -abs(mean) / error)))


def pairs(
    cells: Sequence[Cell], *, vae: str | None, plain: str | None, combinations: Mapping[str, Sequence[str]]
) -> list[Pair]:
    """What is compared: every method with `plain`, every model with `vae`, both plain, every combination with each of its parts."""
    known, found = set(cells), []
    for cell in cells:
        wanted = [("method", cell._replace(method=plain))] if plain and cell.method != plain else []
        if vae and cell.model != vae and cell.method == plain:
            wanted.append(("model", cell._replace(model=vae)))
        wanted += [("combination", cell._replace(method=part)) for part in combinations.get(cell.method, ())]
        found += [Pair(question, cell, other) for question, other in wanted if other in known]
    return found


def compare(summary: pd.DataFrame, asked: Sequence[Pair]) -> pd.DataFrame:
    """A row for each pair and measure, from a row for each run: means, the mean difference over the seeds that both have, its interval and p.

    `at_cap` says that either mutual information is at its cap: its difference is then no estimate. Without two seeds in common low, high and
    p are nan and nothing is beyond chance.
    """
    columns = ["question", *Cell._fields, "against_model", "against_method", "measure", "seeds", "mean", "against_mean"]
    columns += ["difference", "low", "high", "p", "at_cap"]
    runs = {Cell(*map(str, names)): one.set_index("seed") for names, one in summary.groupby(list(Cell._fields))}
    rows = []
    for question, cell, against in asked:
        if cell not in runs or against not in runs:
            continue
        seeds = runs[cell].index.intersection(runs[against].index)
        mine, theirs = (runs[one].loc[seeds] for one in (cell, against))
        capped = bool(mine["mi_at_cap"].any() or theirs["mi_at_cap"].any())
        values = [one[list(MEASURES)].to_numpy(np.float64).T for one in (mine, theirs)]
        for measure, here, there in zip(MEASURES, *values, strict=True):
            known = ~np.isnan(here - there)
            if known.any():
                means = here[known].mean(), there[known].mean(), *interval((here - there)[known])
                names = question, *cell, against.model, against.method, measure, int(known.sum())
                rows.append((*names, *means, measure == "mi" and capped))
    table = pd.DataFrame(rows, columns=columns)
    table["p_holm"] = math.nan
    for _, family in table.dropna(subset="p").groupby(["question", "dataset", "measure"]):
        ranked = family["p"].sort_values()
        table.loc[ranked.index, "p_holm"] = (ranked * np.arange(len(ranked), 0, -1)).cummax().clip(upper=1)
    table["beyond_chance"] = table["p_holm"] < 1 - LEVEL
    return table
