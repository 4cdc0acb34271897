"""Gather the cells of the grid: metrics/ gets summary.csv (a row a run), comparison.csv (paired differences), cells.json and summary.json (for
`dvc metrics`), curves.csv and trajectories.csv (for `dvc plots`) and two figures; report/ gets the page."""

import json
import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from uncollapse.errors import UserError
from uncollapse.experiment.cells import Cell
from uncollapse.measures import columns
from uncollapse.pipeline.condition import current
from uncollapse.pipeline.outputs import GRID, METRICS, REPORT, jobs
from uncollapse.report import charts, tables
from uncollapse.report.answers import answers
from uncollapse.report.explain import pieces
from uncollapse.report.page import commonest, made, render, table_of
from uncollapse.report.panels import coloured, groups
from uncollapse.report.trust import trust
from uncollapse.statistics import compare, pairs

SHOWN = [name for name, measure in columns().items() if measure.compared and not measure.derived]
COLUMNS = [
    *SHOWN,
    "nll_fall",
    "train_kl",
    "marginal_kl",
    "mi_cap",
    "encoder_steps",
    "decoder_steps",
]  # of which there are means


def report() -> None:
    """Write everything."""
    grid = json.loads(GRID.read_text())
    cells = [Cell(*names) for names in grid["cells"]]
    missing = {cell: why(cell) for cell in cells if not current(cell)}
    present = [cell for cell in cells if cell not in missing]
    if not present:
        raise UserError(f"report: no cell of the grid has been measured; {next(iter(missing.values()))}")
    summary = tables.gather(present, "metrics/cells", "measures.csv")
    history = tables.gather(present, "runs", "history.csv")
    thresholds = tables.gather(present, "metrics/cells", "collapse.csv")
    means = tables.means(summary, COLUMNS)
    ends = history[history["epoch"] == history.groupby(tables.CELL)["epoch"].transform("max")]
    means = means.merge(ends.groupby(tables.CELL)["beta"].mean().reset_index())
    means["front"], means["cost"] = tables.front(means), tables.costs(summary, grid["plain"])
    asked = pairs(present, vae=grid["vae"], plain=grid["plain"], combinations=grid["combinations"])
    comparison = compare(summary, asked)
    to_plain = comparison[(comparison["question"] == "method") & (comparison["measure"] == "nll")]
    drawn = {
        "gains": to_plain,
        "cells": means,
        "cost": to_plain.merge(means[[*tables.CELL, "cost"]]),
        "curves": tables.curves(thresholds),
        "spectra": tables.spectrum(thresholds),
        "tsne": coloured(
            tables.gather(present, "metrics/cells", "tsne.csv", dtype={"label": str}, keep_default_na=False)
        ),
        **{what: tables.trajectories(history, what) for what in ("kl", "beta")},
    }
    write_metrics(summary, comparison, means, grid["plain"])
    write_figures(drawn, grid)
    write_page(drawn, summary, comparison, missing, grid)
    print(
        f"report: {len(summary)} runs of {len(present)} cells"
        + (f"; {len(missing)} cells are missing" if missing else "")
    )


def why(cell: Cell) -> str:
    """Why a cell is not there, as far as its stages have told."""
    for job in jobs(cell):
        if job.failure.exists():
            return job.failure.read_text().strip()
    return "not run with the params as they are; `dvc repro` runs it"


def write_metrics(
    summary: pd.DataFrame, comparison: pd.DataFrame, means: pd.DataFrame, plain: str | None
) -> None:
    """The tables that stand in git: every run, every comparison, the means of every cell, and the few numbers of `dvc exp show`."""
    summary.to_csv(METRICS / "summary.csv", index=False, float_format="%.6g")
    comparison.to_csv(METRICS / "comparison.csv", index=False, float_format="%.6g")
    cells: dict[str, Any] = {}
    few: dict[str, Any] = {}
    for row in means.to_dict("records"):
        numbers = {name: float(f"{row[name]:.6g}") for name in COLUMNS if math.isfinite(row[name])}
        cells.setdefault(row["dataset"], {}).setdefault(row["model"], {})[row["method"]] = numbers
    for dataset, models in cells.items():
        for model, methods in models.items():
            best = min(methods, key=lambda method: methods[method]["nll"])
            start = (
                {f"{plain}_{what}": methods[plain][what] for what in ("collapsed", "mi", "nll")}
                if plain in methods
                else {}
            )
            few.setdefault(dataset, {})[model] = {
                **start,
                "best_nll": methods[best]["nll"],
                "best_method": best,
            }
    for name, numbers in {"cells": cells, "summary": few}.items():
        (METRICS / f"{name}.json").write_text(json.dumps(numbers, indent=2) + "\n")


def write_figures(drawn: Mapping[str, pd.DataFrame], grid: Mapping[str, Any]) -> None:
    """The README's pictures, what `dvc plots` draws, and a t-SNE map of every cell for MLflow."""
    methods = list(dict.fromkeys(cell[2] for cell in grid["cells"]))
    curves, gains = drawn["curves"], drawn["gains"]
    charts.save(
        charts.facets(charts.collapse_curves(curves, methods, legend=True), curves), METRICS / "collapse.png"
    )
    forest = charts.nothing("no method is compared with the plain one")
    if len(gains):
        forest = charts.facets(charts.gains(gains, methods), gains, height=24 * len(methods))
        forest = forest.resolve_scale(x="independent")
    charts.save(forest, METRICS / "gains.png")
    (REPORT / "cells").mkdir(parents=True, exist_ok=True)
    for names, points in drawn["tsne"].groupby(tables.CELL, sort=False):
        map_of = charts.tsne_map(points[:500]).properties(width=240, height=240)
        charts.save(map_of, REPORT / "cells" / f"{Cell(*map(str, names))}-tsne.png")
    ends = ["low", "high"]
    history = drawn["kl"].drop(columns=ends).merge(drawn["beta"].drop(columns=ends))
    for name, table in {"trajectories": history, "curves": curves.drop(columns=ends)}.items():
        table.to_csv(METRICS / f"{name}.csv", index=False, float_format="%.4g")


def write_page(
    drawn: Mapping[str, pd.DataFrame], summary: pd.DataFrame, comparison: pd.DataFrame, missing: Mapping[Cell, str], grid: Mapping[str, Any]
) -> None:  # fmt: skip
    """report/index.html."""
    cells = [Cell(*names) for names in grid["cells"]]
    present = [cell for cell in cells if cell not in missing]
    datasets, models, methods = (list(dict.fromkeys(axis)) for axis in zip(*cells, strict=True))
    shown = [name for name in datasets if any(cell.dataset == name for cell in present)]
    entries = [("method", name, "methods") for name in methods] + [
        ("model", name, "models") for name in models
    ]
    page = render(
        datasets=datasets, models=models, methods=methods, seeds=grid["seeds"], cells=len(cells), missing=missing,
        eps=grid["evaluation"]["eps"], delta=grid["evaluation"]["delta"], palette=charts.palette(methods),
        latents={str(name): int(d) for name, d in summary.groupby("dataset", sort=False)["latents"].first().items()},
        answers=list(answers(comparison, drawn["cells"], grid)),
        tables=table_of(drawn["cells"], comparison, missing, cells, grid["evaluation"]["eps"]),
        commonest=commonest(shown), first=shown[0],
        groups=list(groups(drawn, methods, models, shown[0])),
        made=[made(cell) for cell in present],
        entries=[{"kind": kind, "name": name, "pieces": pieces(slots, name, cells)} for kind, name, slots in entries],
        **trust(present, summary),
    )  # fmt: skip
    (REPORT / "index.html").write_text(page)
