"""The means of each cell over its seeds, with intervals."""

import pandas as pd

from uncollapse.experiment.cells import Cell
from uncollapse.measures import Measure, list_columns
from uncollapse.results.comparison import Examples
from uncollapse.results.statistics import interval, over_examples

CELL = list(Cell._fields)


def measured() -> dict[str, Measure]:
    """The measures of which there are means: first those that are compared, then the others."""
    measures = {name: one for name, one in list_columns().items() if not one.derived and not one.paired}
    return dict(sorted(measures.items(), key=lambda item: not item[1].compared))


def all_means(
    summary: pd.DataFrame, history: pd.DataFrame, examples: Examples, plain: str | None
) -> pd.DataFrame:
    """A row for each cell: what `means` gives, `beta` at the end of training, `front` and `cost`."""
    table = means(summary, examples)
    last = history[history["epoch"] == history.groupby(CELL)["epoch"].transform("max")]
    table = table.merge(last.groupby(CELL)["beta"].mean().reset_index())
    return table.assign(front=front(table), cost=costs(summary, plain))


def means(summary: pd.DataFrame, examples: Examples) -> pd.DataFrame:
    """A row for each cell: of every measure its mean over seeds and its interval, from `_low` to `_high`.

    Also the number of `seeds`; whether an estimate is at its cap in any of them; the smallest and the
    largest share of collapsed dimensions, and `collapsed_seeds`, the number of seeds in which there are any.
    """
    rows, measures = [], measured()
    for names, runs in summary.groupby(CELL, sort=False):
        collapsed = runs["collapsed"]
        row = {**dict(zip(CELL, names, strict=True)), "seeds": len(runs)}
        row |= {"collapsed_min": collapsed.min(), "collapsed_max": collapsed.max()}
        row["collapsed_seeds"] = int((collapsed > 0).sum())
        alike = examples.get(Cell(*map(str, names)))
        shared = over_examples([*alike.values()]) if alike else {}
        for name, measure in measures.items():
            bounds = {"low": 0.0, "high": 1.0} if measure.unit == "share" else {}
            mean = interval(runs[name], shared=shared.get(name, 0.0), **bounds)
            row |= {name: mean.mean, f"{name}_low": mean.low, f"{name}_high": mean.high}
            if measure.cap:
                row[measure.cap] = bool(runs[measure.cap].any())
        rows.append(row)
    return pd.DataFrame(rows)


def front(means: pd.DataFrame) -> pd.Series:
    """Whether a cell is on the Pareto front of nll and mi: no cell of its data set is as good in both and
    better in one. Estimates of mi at their cap count as equal.
    """
    mi = means["mi"].where(~means["mi_at_cap"], means["mi_cap"])
    best = []
    for i, dataset in zip(means.index, means["dataset"], strict=True):
        others = means["dataset"] == dataset
        as_good = (means["nll"] <= means["nll"][i]) & (mi >= mi[i])
        better = (means["nll"] < means["nll"][i]) | (mi > mi[i])
        best.append(not (others & as_good & better).any())
    return pd.Series(best, index=means.index)


def costs(summary: pd.DataFrame, plain: str | None) -> pd.Series:
    """The work of training (GFLOP), as a multiple of that of `plain` with the same model.

    In the order of the cells; nan where there is no plain method.
    """
    table = summary.groupby(CELL, sort=False)["gflops"].mean().reset_index()
    base = table[table["method"] == plain][["dataset", "model", "gflops"]]
    both = table.merge(base, on=["dataset", "model"], how="left", suffixes=("", "_of_plain"))
    return both["gflops"] / both["gflops_of_plain"]
