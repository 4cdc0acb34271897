"""The means of each cell over its seeds, with intervals."""

import pandas as pd

from uncollapse.experiment.cells import Cell
from uncollapse.measures import Measure, list_columns
from uncollapse.results.comparison import ExampleTables
from uncollapse.results.roles import COLLAPSED, INFORMATION, LIKELIHOOD, WORK_DONE
from uncollapse.results.statistics import estimate_error, estimate_interval

CELL = list(Cell._fields)


def list_averaged() -> dict[str, Measure]:
    """List the measures that are averaged: first those that are compared, then the others."""
    measures = {name: one for name, one in list_columns().items() if not one.derived and not one.paired}
    return dict(sorted(measures.items(), key=lambda item: not item[1].compared))


def make_means(
    summary: pd.DataFrame, history: pd.DataFrame, examples: ExampleTables, plain: str | None
) -> pd.DataFrame:
    """Return a row for each cell: its means, `beta` at the end of training, `front` and `cost`."""
    table = average_cells(summary, examples)
    last = history[history["epoch"] == history.groupby(CELL)["epoch"].transform("max")]
    table = table.merge(last.groupby(CELL)["beta"].mean().reset_index())
    return table.assign(front=find_front(table), cost=compare_costs(summary, plain))


def average_cells(summary: pd.DataFrame, examples: ExampleTables) -> pd.DataFrame:
    """Return a row for each cell: the mean of every measure over seeds, with the ends `_low` and `_high`.

    There are also the number of `seeds`; whether an estimate is at its cap in any of them; the smallest and
    the largest share of collapsed dimensions; and `collapsed_seeds`, the number of seeds with any.
    """
    rows, measures = [], list_averaged()
    for names, runs in summary.groupby(CELL, sort=False):
        collapsed = runs[COLLAPSED]
        row = {**dict(zip(CELL, names, strict=True)), "seeds": len(runs)}
        row |= {"collapsed_min": collapsed.min(), "collapsed_max": collapsed.max()}
        row["collapsed_seeds"] = int((collapsed > 0).sum())
        alike = examples.get(Cell(*map(str, names)))
        shared = estimate_error([*alike.values()]) if alike else {}
        for name, measure in measures.items():
            bounds = {"low": 0.0, "high": 1.0} if measure.unit == "share" else {}
            mean = estimate_interval(runs[name], shared=shared.get(name, 0.0), **bounds)
            row |= {name: mean.mean, f"{name}_low": mean.low, f"{name}_high": mean.high}
            if measure.cap:
                row[measure.cap] = bool(runs[measure.cap].any())
        rows.append(row)
    return pd.DataFrame(rows)


def find_front(means: pd.DataFrame) -> pd.Series:
    """Tell which cells are on the Pareto front of nll and mi.

    No cell of their data set is as good in both and better in one. Estimates of mi at their cap are equal.
    """
    nll, mi = (
        means[LIKELIHOOD],
        means[INFORMATION].where(~means["mi_at_cap"], means["mi_cap"]),
    )
    best = []
    for i, dataset in zip(means.index, means["dataset"], strict=True):
        others = means["dataset"] == dataset
        as_good = (nll <= nll[i]) & (mi >= mi[i])
        better = (nll < nll[i]) | (mi > mi[i])
        best.append(not (others & as_good & better).any())
    return pd.Series(best, index=means.index)


def compare_costs(summary: pd.DataFrame, plain: str | None) -> pd.Series:
    """Return the work of training (GFLOP) as a multiple of that of `plain` with the same model.

    The numbers stand in the order of the cells, with nan where there is no plain method.
    """
    table = summary.groupby(CELL, sort=False)[WORK_DONE].mean().reset_index()
    base = table[table["method"] == plain][["dataset", "model", WORK_DONE]]
    both = table.merge(base, on=["dataset", "model"], how="left", suffixes=("", "_of_plain"))
    return both[WORK_DONE] / both[f"{WORK_DONE}_of_plain"]
