"""What differs between cells, seed by seed, and whether it is beyond chance.

Runs of the same seed share initial weights, batches and noise, so cells are compared by the differences of paired seeds:

    d_s = value of seed s in a cell - value of seed s in the cell that it is compared with
    interval: mean(d) +- t(0.975, n - 1) * sd(d) / sqrt(n),    p: Student's test of mean(d) = 0

It is beyond chance where p, after Holm's correction (Holm 1979) over all comparisons of one data set, measure and question, but not across these,
is below 0.05. A difference of the nll is so only if it is also for `nll_limit`: nll is a bound, looser where the KL is large, and falls with the
number of samples; see `uncollapse.measures.likelihood`.
"""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import stdtr, stdtrit

from uncollapse.experiment.cells import Cell

LEVEL = 0.95
FALLS = 3.0  # each doubling of the samples lets nll fall by up to three quarters of what the one before did: 3/4 + 9/16 + ...


class Measure(NamedTuple):
    """Whether more of it is better (1), worse (-1) or neither (0), and whether it is a share, between 0 and 1."""

    better: int
    share: bool = False


MEASURES = {
    "nll": Measure(-1),
    "nll_limit": Measure(-1),  # where nll may end with ever more samples
    "elbo": Measure(1),
    "kl": Measure(0),
    "mi": Measure(1),
    "active_units": Measure(1),
    "collapsed": Measure(-1, share=True),
    "probe_accuracy": Measure(1, share=True),
}


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


def interval(
    values: ArrayLike, *, grain: float = 0.0, low: float = -math.inf, high: float = math.inf
) -> Interval:
    """Of the values (S,) of several seeds; of all that are not nan; cut to what can be, `low` to `high`.

    `grain` is the step of values that are counts, or shares of a few: a spread below that of rounding, grain / sqrt(6) for differences, is no
    evidence of less. Where all are alike in spite of that, p is 1 for zeros and nan otherwise.
    """
    known = np.asarray(values, np.float64)
    known = known[~np.isnan(known)]
    count = len(known)
    mean = float(known.mean()) if count else math.nan
    if count < 2:
        return Interval(mean, math.nan, math.nan, math.nan)
    error = max(float(known.std(ddof=1)), grain / math.sqrt(6)) / math.sqrt(count)
    if error <= 1e-12 * float(np.abs(known).max()):
        return Interval(mean, mean, mean, 1.0 if mean == 0 else math.nan)
    half = float(stdtrit(count - 1, (1 + LEVEL) / 2)) * error
    p = 2 * float(stdtr(count - 1, -abs(mean) / error))
    return Interval(mean, max(mean - half, low), min(mean + half, high), p)


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

    `at_cap` says of the mutual information: `one`, the larger is at its cap, so the difference is that or more; `both`, it is no estimate, and not
    tested. Without two seeds in common low, high and p are nan and nothing is beyond chance.
    """
    columns = [
        "question",
        *Cell._fields,
        "against_model",
        "against_method",
        "measure",
        "seeds",
        "mean",
        "against_mean",
    ]
    columns += ["difference", "low", "high", "p", "at_cap"]
    summary = summary.assign(nll_limit=summary["nll"] - FALLS * summary["nll_fall"])
    runs = {
        Cell(*map(str, names)): one.set_index("seed") for names, one in summary.groupby(list(Cell._fields))
    }
    rows = []
    for question, cell, against in asked:
        if cell not in runs or against not in runs:
            continue
        seeds = runs[cell].index.intersection(runs[against].index)
        mine, theirs = (runs[one].loc[seeds] for one in (cell, against))
        values = (one[list(MEASURES)].to_numpy(np.float64).T for one in (mine, theirs))
        capped = [bool(one["mi_at_cap"].any()) for one in (mine, theirs)]
        latents = float(mine["latents"].iloc[0]) if len(mine) else math.nan
        for name, here, there in zip(MEASURES, *values, strict=True):
            apart = here - there
            known = ~np.isnan(apart)
            if known.any():
                edge = 1.0 if MEASURES[name].share else math.inf
                grain = {"active_units": 1.0, "collapsed": 1 / latents}.get(name, 0.0)
                found = interval(apart, grain=grain, low=-edge, high=edge)
                cap = at_cap(capped, found.mean) if name == "mi" else ""
                names = question, *cell, against.model, against.method, name, int(known.sum())
                ends = *found[:3], math.nan if cap == "both" else found.p, cap
                rows.append((*names, here[known].mean(), there[known].mean(), *ends))
    table = pd.DataFrame(rows, columns=columns)
    table["p_holm"] = math.nan
    for _, family in table.dropna(subset="p").groupby(["question", "dataset", "measure"]):
        ranked = family["p"].sort_values()
        table.loc[ranked.index, "p_holm"] = (ranked * np.arange(len(ranked), 0, -1)).cummax().clip(upper=1)
    table["beyond_chance"] = table["p_holm"] < 1 - LEVEL
    names = columns[:6]
    nll, limit = (table[table["measure"] == name] for name in ("nll", "nll_limit"))
    both = nll.join(limit.set_index(names)[["difference", "beyond_chance"]].add_suffix("_limit"), on=names)
    agree = (both["beyond_chance_limit"] == True) & (both["difference"] * both["difference_limit"] > 0)  # noqa: E712 (some are missing)
    table.loc[nll.index, "beyond_chance"] &= agree
    return table


def at_cap(capped: Sequence[bool], difference: float) -> str:
    """What caps of the mutual information, of a cell and of the one that it is compared with, leave of a difference: see `compare`."""
    if not any(capped):
        return ""
    return "one" if list(capped) == [difference > 0, difference < 0] else "both"
