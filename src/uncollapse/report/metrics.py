"""The files in metrics/ that stand in git, for people, `dvc metrics` and `dvc plots`."""

import json
import math
from functools import reduce
from typing import Any

import pandas as pd

from uncollapse.pipeline.paths import (
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
from uncollapse.results.gather import Results, partial_cells
from uncollapse.results.means import CELL, measured
from uncollapse.results.tuned import tuned_cells

Numbers = dict[str, dict[str, dict[str, Any]]]  # by data set, model and method


def write_metrics(results: Results) -> None:
    """Write all: the runs, the comparisons, the means of each cell, the best methods, and five charts."""
    METRICS.mkdir(exist_ok=True)
    summary(results).to_csv(SUMMARY, index=False, float_format="%.6g")
    results.comparison.to_csv(COMPARISON, index=False, float_format="%.6g")
    cells = cell_means(results)
    for file, numbers in {CELL_MEANS: cells, SUMMARY_MEANS: best(cells, results)}.items():
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
    """The measures of each run; of one that diverged, as the last column has it, only the epoch. Of a tuned
    cell also what was chosen, and the work that it took (GFLOP)."""
    diverged = results.diverged.rename(columns={"epoch": "diverged"}).assign(converged=0)
    columns, table = [*results.summary, "tuned", "tuning_gflops", "diverged"], results.summary
    if not diverged.empty:
        table = pd.concat([table, diverged], ignore_index=True)
    tuned = [(*cell, each.values, each.gflops) for cell, each in tuned_cells(results).items()]
    choices = pd.DataFrame(tuned, columns=[*CELL, "tuned", "tuning_gflops"])
    return table.merge(choices, how="left", on=CELL).reindex(columns=columns)


def cell_means(results: Results) -> Numbers:
    """The mean of every measure, by cell; without those that are not finite."""
    cells: Numbers = {}
    names = list(measured())
    for row in results.means.to_dict("records"):
        numbers = {name: float(f"{row[name]:.6g}") for name in names if math.isfinite(row[name])}
        cells.setdefault(row["dataset"], {}).setdefault(row["model"], {})[row["method"]] = numbers
    return cells


def best(cells: Numbers, results: Results) -> dict[str, dict[str, dict[str, Any]]]:
    """For each data set and model: how the plain method does, and which method has the best nll. Cells of
    which a run diverged are left out."""
    result: dict[str, dict[str, dict[str, Any]]] = {}
    gone, plain = partial_cells(results.diverged), results.grid["plain"]
    for dataset, models in cells.items():
        for model, methods in models.items():
            whole = {name: each for name, each in methods.items() if (dataset, model, name) not in gone}
            if not whole:
                continue
            method = min(whole, key=lambda name: whole[name]["nll"])
            numbers = result.setdefault(dataset, {}).setdefault(model, {})
            if plain in whole:
                numbers |= {f"{plain}_{name}": whole[plain][name] for name in ("collapsed", "mi", "nll")}
            numbers |= {"best_nll": whole[method]["nll"], "best_method": method}
    return result
