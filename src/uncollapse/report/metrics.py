"""The files in metrics/ that stand in git, for people, `dvc metrics` and `dvc plots`."""

import json
import math
from functools import reduce
from typing import Any

import pandas as pd

from uncollapse.pipeline.outputs import (
    CELL_MEANS,
    COMPARISON,
    CURVES,
    EARLY,
    METRICS,
    SUMMARY,
    SUMMARY_MEANS,
    TRAJECTORIES,
)
from uncollapse.report.charts import alive, beta, collapse, early, kl
from uncollapse.report.means import CELL, measured
from uncollapse.report.results import Results

Numbers = dict[str, dict[str, dict[str, Any]]]  # by data set, model and method


def write_metrics(results: Results) -> None:
    """Write all: the runs, the comparisons, the means of each cell, the best methods, and five charts."""
    METRICS.mkdir(exist_ok=True)
    summary(results).to_csv(SUMMARY, index=False, float_format="%.6g")
    results.comparison.to_csv(COMPARISON, index=False, float_format="%.6g")
    cells = cell_means(results)
    whole = cell_means(results, left_out=results.diverged)
    for file, numbers in {CELL_MEANS: cells, SUMMARY_MEANS: best(whole, results.grid["plain"])}.items():
        file.write_text(json.dumps(numbers, indent=2) + "\n")
    range_of_seeds = ["low", "high"]
    trajectories = [chart.CHART.table(results).drop(columns=range_of_seeds) for chart in (kl, beta, alive)]
    curves = collapse.CHART.table(results).drop(columns=range_of_seeds)
    tables = {
        TRAJECTORIES: reduce(pd.DataFrame.merge, trajectories),
        CURVES: curves,
        EARLY: early.table(results),
    }
    for file, table in tables.items():
        table.to_csv(file, index=False, float_format="%.4g")


def summary(results: Results) -> pd.DataFrame:
    """The measures of each run; of one that diverged, as the last column has it, only the epoch."""
    diverged = results.diverged.rename(columns={"epoch": "diverged"}).assign(converged=0)
    columns = [*results.summary, "diverged"]
    if diverged.empty:
        return results.summary.reindex(columns=columns)
    return pd.concat([results.summary, diverged], ignore_index=True)[columns]


def cell_means(results: Results, left_out: pd.DataFrame | None = None) -> Numbers:
    """The mean of every measure, by cell; without those that are not finite, and without the cells of some
    runs."""
    cells: Numbers = {}
    names, gone = list(measured()), set[tuple[str, ...]]()
    if left_out is not None:
        gone = set(left_out[CELL].itertuples(index=False, name=None))
    for row in results.means.to_dict("records"):
        if tuple(row[name] for name in CELL) in gone:
            continue
        numbers = {name: float(f"{row[name]:.6g}") for name in names if math.isfinite(row[name])}
        cells.setdefault(row["dataset"], {}).setdefault(row["model"], {})[row["method"]] = numbers
    return cells


def best(cells: Numbers, plain: str | None) -> dict[str, dict[str, dict[str, Any]]]:
    """For each data set and model: how the plain method does, and which method has the best nll."""
    result: dict[str, dict[str, dict[str, Any]]] = {}
    for dataset, models in cells.items():
        for model, methods in models.items():
            method = min(methods, key=lambda name: methods[name]["nll"])
            numbers = result.setdefault(dataset, {}).setdefault(model, {})
            if plain in methods:
                numbers |= {f"{plain}_{name}": methods[plain][name] for name in ("collapsed", "mi", "nll")}
            numbers |= {"best_nll": methods[method]["nll"], "best_method": method}
    return result
