"""The files in metrics/, which stand in git for people, `dvc metrics` and `dvc plots`."""

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
from uncollapse.results.gather import Results, find_partial_cells
from uncollapse.results.means import CELL, list_averaged
from uncollapse.results.roles import COLLAPSED, INFORMATION, LIKELIHOOD
from uncollapse.results.tuned import read_tuned

# The file metrics/summary.json has these measures of the plain method.
KEPT = (COLLAPSED, INFORMATION, LIKELIHOOD)
# The keys are data set, model and method.
Numbers = dict[str, dict[str, dict[str, Any]]]


def write_metrics(results: Results) -> None:
    """Write the runs, the comparisons, the means of each cell, the best methods, and the rows of charts."""
    METRICS.mkdir(exist_ok=True)
    make_summary(results).to_csv(SUMMARY, index=False, float_format="%.6g")
    results.comparison.to_csv(COMPARISON, index=False, float_format="%.6g")
    cells = collect_means(results)
    for file, numbers in {CELL_MEANS: cells, SUMMARY_MEANS: find_best(cells, results)}.items():
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


def make_summary(results: Results) -> pd.DataFrame:
    """Make the table of runs with their measures.

    A run that diverged has only the epoch, in the last column. A tuned cell has its choice too, and the work
    that the choice took (GFLOP).
    """
    diverged = results.diverged.rename(columns={"epoch": "diverged"}).assign(converged=0)
    columns, table = [*results.summary, "tuned", "tuning_gflops", "diverged"], results.summary
    if not diverged.empty:
        table = pd.concat([table, diverged], ignore_index=True)
    tuned = [(*cell, each.values, each.gflops) for cell, each in read_tuned(results).items()]
    choices = pd.DataFrame(tuned, columns=[*CELL, "tuned", "tuning_gflops"])
    return table.merge(choices, how="left", on=CELL).reindex(columns=columns)


def collect_means(results: Results) -> Numbers:
    """Collect the mean of every measure, by cell, without those that are not finite."""
    cells: Numbers = {}
    names = list(list_averaged())
    for row in results.means.to_dict("records"):
        numbers = {name: float(f"{row[name]:.6g}") for name in names if math.isfinite(row[name])}
        cells.setdefault(row["dataset"], {}).setdefault(row["model"], {})[row["method"]] = numbers
    return cells


def find_best(cells: Numbers, results: Results) -> dict[str, dict[str, dict[str, Any]]]:
    """Find the method with the best nll for each data set and model, beside the plain method.

    Cells of which a run diverged are left out.
    """
    result: dict[str, dict[str, dict[str, Any]]] = {}
    gone, plain = find_partial_cells(results.diverged), results.grid["plain"]
    for dataset, models in cells.items():
        for model, methods in models.items():
            whole = {name: each for name, each in methods.items() if (dataset, model, name) not in gone}
            if not whole:
                continue
            method = min(whole, key=lambda name: whole[name][LIKELIHOOD])
            numbers = result.setdefault(dataset, {}).setdefault(model, {})
            if plain in whole:
                numbers |= {f"{plain}_{name}": whole[plain][name] for name in KEPT}
            numbers |= {f"best_{LIKELIHOOD}": whole[method][LIKELIHOOD], "best_method": method}
    return result
