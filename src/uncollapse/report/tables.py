"""The tables behind the report: gathered from the cells of the grid, and brought into the form that a chart draws."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from uncollapse.experiment.cells import Cell
from uncollapse.measures import columns
from uncollapse.statistics import interval

CELL = list(Cell._fields)
LEAST, MOST = 1e-4, 30.0  # nats: the axis of the collapse curves


def gather(cells: Sequence[Cell], folder: str, file: str, **reading: Any) -> pd.DataFrame:
    """A table of every one of `cells`, one below the other; cells that left the grid are not looked at. `reading` is for pandas."""
    tables = [
        pd.read_csv(Path(folder) / str(cell) / file, **reading).assign(**cell._asdict()) for cell in cells
    ]
    if not tables:
        return pd.DataFrame(columns=CELL)
    table = pd.concat(tables, ignore_index=True)
    return table[CELL + [column for column in table if column not in CELL]]


def band(table: pd.DataFrame, by: str, what: str) -> pd.DataFrame:
    """Mean, least and most of `what` over the seeds of a cell, at each value of `by`."""
    bands = table.groupby([*CELL, by], sort=False)[what].agg(["mean", "min", "max"]).reset_index()
    return bands.rename(columns={"mean": what, "min": "low", "max": "high"})


def curves(thresholds: pd.DataFrame, points: int = 120) -> pd.DataFrame:
    """The collapse curves of cells over seeds: `share`, `low` and `high` at values of `eps`, where they change.

    `thresholds` has a row (cell, seed, eps) for each dimension, see `uncollapse.measures.collapse`.
    """
    grid = np.geomspace(LEAST, MOST, points)
    runs = []
    for names, run in thresholds.groupby([*CELL, "seed"], sort=False):
        share = np.searchsorted(np.sort(run["eps"].to_numpy()), grid) / len(run)  # thresholds below eps
        runs.append(
            pd.DataFrame({**dict(zip([*CELL, "seed"], names, strict=True)), "eps": grid, "share": share})
        )
    found = band(pd.concat(runs), "eps", "share")
    values = found[["share", "low", "high"]]
    ends = found["eps"].isin(grid[[0, -1]])
    changed = (values != values.shift()).any(axis=1) | (values != values.shift(-1)).any(axis=1)
    return found[ends | changed].reset_index(drop=True)


def trajectories(history: pd.DataFrame, what: str, most: int = 100) -> pd.DataFrame:
    """A column of the history over seeds, against gradient steps; at most about `most` epochs of each cell."""
    last = history.groupby(CELL)["epoch"].transform("max")
    every = np.maximum(np.ceil(last / most), 1)
    return band(history[(history["epoch"] % every == 0) | (history["epoch"] == last)], "step", what)


def spectrum(thresholds: pd.DataFrame) -> pd.DataFrame:
    """The mean KL of each dimension, for every run, the dimensions in the order of their KL: `rank`, from 1."""
    table = thresholds[[*CELL, "seed", "kl"]].sort_values("kl", ascending=False, kind="stable")
    table["rank"] = table.groupby([*CELL, "seed"], sort=False).cumcount() + 1
    return table.sort_index()


def means(summary: pd.DataFrame, measures: Sequence[str]) -> pd.DataFrame:
    """A row for each cell: of every measure its mean, `<measure>_low` and `<measure>_high`; how many seeds; whether an mi is at its cap; the
    least and the largest share of collapsed dimensions, and in how many seeds there are such."""
    rows = []
    for names, runs in summary.groupby(CELL, sort=False):
        row = {
            **dict(zip(CELL, names, strict=True)),
            "seeds": len(runs),
            "mi_at_cap": bool(runs["mi_at_cap"].any()),
        }
        collapsed = runs["collapsed"]
        row |= {
            "collapsed_min": collapsed.min(),
            "collapsed_max": collapsed.max(),
            "collapsed_seeds": int((collapsed > 0).sum()),
        }
        for measure in measures:
            share = measure in columns() and columns()[measure].unit == "share"
            found = interval(runs[measure], **({"low": 0.0, "high": 1.0} if share else {}))
            row |= {measure: found.mean, f"{measure}_low": found.low, f"{measure}_high": found.high}
        rows.append(row)
    return pd.DataFrame(rows)


def front(table: pd.DataFrame) -> pd.Series:
    """Which cells of a data set no other one beats in both nll and mi. Estimates at the cap count as the same."""
    mi = table["mi"].where(~table["mi_at_cap"], table["mi_cap"])
    best = []
    for place, data in zip(table.index, table["dataset"], strict=True):
        others = table["dataset"] == data
        better = (table["nll"] <= table["nll"][place]) & (mi >= mi[place])
        strictly = (table["nll"] < table["nll"][place]) | (mi > mi[place])
        best.append(not (others & better & strictly).any())
    return pd.Series(best, index=table.index)


def costs(summary: pd.DataFrame, plain: str | None) -> pd.Series:
    """Gradient steps of encoder and decoder together, as a multiple of those of `plain` with the same model, in the order of the cells; nan without plain."""
    table = summary.groupby(CELL, sort=False)[["encoder_steps", "decoder_steps"]].mean().reset_index()
    table["steps"] = table["encoder_steps"] + table["decoder_steps"]
    base = table[table["method"] == plain][["dataset", "model", "steps"]]
    both = table.merge(base, on=["dataset", "model"], how="left", suffixes=("", "_of_plain"))
    return both["steps"] / both["steps_of_plain"]
