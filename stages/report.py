"""Gather the cells of the grid: metrics/summary.csv (a row a run), metrics/summary.json (means, for `dvc metrics`),
report/index.html and the figure of the README."""

import json
import math
from pathlib import Path

import jinja2
import pandas as pd
import vl_convert
from charts import collapse_curves, trajectories, tsne_maps
from scipy import stats

from uncollapse.cells import Cell

COLUMNS = [
    "elbo",
    "nll",
    "kl",
    "train_kl",
    "mi",
    "active_units",
    "collapsed",
    "probe_accuracy",
    "encoder_steps",
    "decoder_steps",
]
METRICS, REPORT = Path("metrics"), Path("report")


def gather(cells: list[Cell], folder: str, file: str) -> pd.DataFrame:
    """A table of every cell of the grid, one below the other; cells that left the grid are not looked at."""
    tables = [
        pd.read_csv(Path(folder) / str(cell) / file).assign(dataset=cell.dataset, model=cell.model, method=cell.method)
        for cell in cells
    ]
    table = pd.concat(tables, ignore_index=True)
    names = ["dataset", "model", "method"]
    return table[names + [column for column in table if column not in names]]


def interval(values: pd.Series) -> str:
    """Mean and half the width of Student's 95 % interval over seeds; the mean alone for one seed."""
    if values.isna().any():
        return ""
    digits = 0 if (values == values.round()).all() and values.abs().max() > 100 else 2
    if len(values) < 2:
        return f"{values.mean():.{digits}f}"
    return f"{values.mean():.{digits}f} ± {stats.t.ppf(0.975, len(values) - 1) * values.sem():.{digits}f}"


def main() -> None:
    """Write everything."""
    grid = json.loads(Path("recipes/grid.json").read_text())
    cells = [Cell(*names) for names in grid["cells"]]
    summary = gather(cells, "metrics/cells", "measures.csv")
    history = gather(cells, "runs", "history.csv")
    summary.to_csv(METRICS / "summary.csv", index=False, float_format="%.6g")

    groups = summary.groupby(["dataset", "model", "method"], sort=False)
    means = groups[COLUMNS].mean()
    nested: dict[str, dict[str, dict[str, dict[str, float]]]] = {}
    for cell, row in zip(cells, means.to_dict("records"), strict=True):
        numbers = {str(name): float(f"{value:.6g}") for name, value in row.items() if math.isfinite(value)}
        nested.setdefault(cell.dataset, {}).setdefault(cell.model, {})[cell.method] = numbers
    (METRICS / "summary.json").write_text(json.dumps(nested, indent=2) + "\n")

    table = groups[COLUMNS].agg(interval).reset_index()
    capped = groups["mi_at_cap"].any().to_numpy()
    # all that is known there is mi <= I <= kl
    table.loc[capped, "mi"] += " to " + table.loc[capped, "kl"]
    curves, points = (gather(cells, "metrics/cells", file) for file in ("collapse.csv", "tsne.csv"))
    figure = collapse_curves(curves)
    figure.save(METRICS / "collapse.png", ppi=144)
    charts = {
        "Collapse curves": figure,
        "KL (nats) on the training data": trajectories(history, "kl", "kl (nats)"),
        "Price of the KL": trajectories(history, "beta", "beta"),
        f"t-SNE of the posterior means of the test set, seed {grid['seeds'][0]}": tsne_maps(points),
    }
    pictures = REPORT / "cells"
    pictures.mkdir(parents=True, exist_ok=True)
    for cell in cells:
        mine = [part[(part[list(cell._fields)] == list(cell)).all(axis=1)] for part in (curves, points)]
        collapse_curves(mine[0]).save(pictures / f"{cell}-collapse.png", ppi=144)
        tsne_maps(mine[1]).save(pictures / f"{cell}-tsne.png", ppi=144)
    template = (Path(__file__).parent / "report.html").read_text()
    page = jinja2.Template(template, autoescape=True, undefined=jinja2.StrictUndefined)
    (REPORT / "index.html").write_text(
        page.render(
            seeds=grid["seeds"],
            eps=grid["evaluation"]["eps"],
            delta=grid["evaluation"]["delta"],
            table=table.to_html(index=False, border=0),
            charts={title: chart.to_json(indent=None) for title, chart in charts.items()},
            vega=vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"),
        )
    )
    print(f"report: {len(summary)} runs of {len(means)} cells")


if __name__ == "__main__":
    main()
