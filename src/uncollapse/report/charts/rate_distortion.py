"""Rate and distortion of each model with the plain method (Alemi et al. 2018, arXiv 1711.00464)."""

import math
from collections.abc import Iterator
from typing import Any

import altair as alt
import pandas as pd

from uncollapse.experiment.cells import Cell
from uncollapse.pipeline.job import Job
from uncollapse.pipeline.job_recipe import read_recipe
from uncollapse.registry import SLOTS, default_entries
from uncollapse.report.charts import Chart
from uncollapse.report.charts._canvas import Canvas, Layers, make_tips
from uncollapse.report.colours import pick_colours
from uncollapse.results.gather import Results
from uncollapse.results.means import CELL

POINT_COLUMNS = [*CELL, "kind", "family", "colour", "kl", "reconstruction", "elbo"]
GUIDES = 5  # lines, about
BOX_MARGIN = 0.08  # of the range


def table(results: Results) -> pd.DataFrame:
    """Return rows of four kinds: `seed`, `mean` (of a model), `start` and `end` (of constant elbo)."""
    runs = results.summary[results.summary["method"] == results.grid["plain"]]
    if runs.empty:
        return pd.DataFrame(columns=POINT_COLUMNS)
    means = runs.groupby(CELL, sort=False)[["kl", "reconstruction"]].mean().reset_index()
    points = pd.concat([runs.assign(kind="seed"), means.assign(kind="mean")])
    points["elbo"] = -points["kl"] - points["reconstruction"]
    points["family"] = [
        name_family(Cell(*names)) for names in points[CELL].itertuples(index=False, name=None)
    ]
    points["colour"] = points["model"].map(pick_colours(results.models))
    guides = [
        {"dataset": dataset, "method": results.grid["plain"], **end}
        for dataset, rows in points.groupby("dataset", sort=False)
        for end in list_guides(rows)
    ]
    both = pd.concat([points, pd.DataFrame(guides)], ignore_index=True)[POINT_COLUMNS]
    return both.fillna(dict.fromkeys(["model", "family", "colour"], ""))


def name_family(cell: Cell) -> str:
    """Name the pieces of a model: those of one family differ in arguments only, such as the KL weight."""
    recipe = read_recipe(Job.of("train", cell))
    uses = {slot: recipe.piece(slot)["use"] for slot in default_entries("models")}
    return ", ".join(use for slot, use in uses.items() if slot == "kl_weight" or use != SLOTS[slot].default)


def list_guides(points: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """List both ends of lines with a round elbo, within the box around the points."""
    left, right = find_box(points["kl"])
    low, high = find_box(points["reconstruction"])
    raw = (right + high - left - low) / GUIDES
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw)
    for k in range(math.ceil((left + low) / step), math.floor((right + high) / step) + 1):
        ends = max(left, k * step - high), min(right, k * step - low)
        for kind, kl in zip(("start", "end"), ends, strict=True):
            yield {"kind": kind, "kl": kl, "reconstruction": k * step - kl, "elbo": -k * step}


def find_box(values: pd.Series) -> tuple[float, float]:
    """Find the range of values with a margin; it has some length even if all are equal."""
    margin = max(BOX_MARGIN * (values.max() - values.min()), 0.5)
    return float(values.min() - margin), float(values.max() + margin)


def draw(canvas: Canvas) -> Layers:
    """Draw a small point for each seed and a large one for each mean; lines join the means of a family."""
    x = alt.X("kl:Q", title="rate: KL (nats)", scale=alt.Scale(zero=False, nice=False))
    title = "distortion: reconstruction (nats), down is better"
    y = alt.Y("reconstruction:Q", title=title, scale=alt.Scale(zero=False, nice=False))
    colour = alt.Color("colour:N", scale=None)
    shape = alt.Shape("family:N", legend=alt.Legend(orient="top", title="KL weight"))
    base = canvas.chart.encode(x, y)
    means = base.transform_filter("datum.kind == 'mean'")
    seeds = base.transform_filter("datum.kind == 'seed'")
    guides = base.transform_filter("datum.kind == 'start' || datum.kind == 'end'")
    labels = base.transform_filter("datum.kind == 'start'").transform_calculate(
        text="'elbo ' + format(datum.elbo, '~g')"
    )
    tooltip = make_tips("model", "family", kl="rate", reconstruction="distortion", elbo="elbo")
    return alt.layer(
        guides.mark_line(color="#bbbbbb", strokeDash=[2, 3]).encode(detail="elbo:N"),
        labels.mark_text(color="#767676", align="left", dx=8, dy=-3).encode(text="text:N"),
        means.mark_line(color="#999999").encode(detail="family:N", order="kl:Q"),
        seeds.mark_point(size=25, opacity=0.5).encode(colour, shape, tooltip=tooltip),
        means.mark_point(size=130, filled=True, opacity=1).encode(colour, shape, tooltip=tooltip),
    )


def legend(points: pd.DataFrame) -> dict[str, dict[str, str]]:
    """Return the colours of models."""
    models = points[points["kind"] == "mean"]
    return {
        str(name): dict(zip(rows["model"], rows["colour"], strict=True))
        for name, rows in models.groupby("dataset", sort=False)
    }


CHART = Chart(
    title="Rate and distortion",
    text="Every model with the plain method, on the test set: a small point for each seed, a large one for "
    "their mean. Grey lines join models that differ only in an argument, such as the KL weight or target. "
    "At one KL the lower point has the better elbo; along a dotted line the elbo is the same.",
    alt="Reconstruction against KL with the plain method, a point for each model and seed",
    table=table,
    draw=draw,
    panels="grid",
    height=360,
    legend=legend,
)
