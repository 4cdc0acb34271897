"""Lines over seeds: their mean, within a band from the smallest to the largest value."""

from typing import Literal

import altair as alt
import numpy as np
import pandas as pd

from uncollapse.report.charts import Chart
from uncollapse.report.charts._canvas import Canvas, Layers, make_tips
from uncollapse.results.gather import Results
from uncollapse.results.means import CELL


def average_seeds(table: pd.DataFrame, x: str, y: str) -> pd.DataFrame:
    """Average a column `y` over seeds, for each cell and `x`, with the smallest and largest value."""
    bands = table.groupby([*CELL, x], sort=False)[y].agg(["mean", "min", "max"]).reset_index()
    return bands.rename(columns={"mean": y, "min": "low", "max": "high"})


def read_training(history: pd.DataFrame, column: str, most: int = 100) -> pd.DataFrame:
    """Average a column of the history over seeds, by batch (`step`), in about `most` epochs of each cell."""
    last = history.groupby(CELL)["epoch"].transform("max")
    every = np.maximum(np.ceil(last / most), 1)
    return average_seeds(
        history[(history["epoch"] % every == 0) | (history["epoch"] == last)], "step", column
    )


def draw_lines(
    canvas: Canvas, x: alt.X, y: alt.Y, interpolate: Literal["linear", "step-after"] = "linear"
) -> Layers:
    """Draw a line of `y` for each method, within the band of its seeds, from `average_seeds`."""
    column = str(y.shorthand).split(":")[0]
    low = y.copy()
    low.shorthand = "low:Q"
    at = str(x.shorthand).split(":")[0]
    tooltip = make_tips("method", **{at: "at", column: "mean", "low": "least", "high": "most"})
    band = canvas.chart.mark_area(opacity=0.15, interpolate=interpolate, strokeWidth=0)
    line = canvas.chart.mark_line(interpolate=interpolate, strokeWidth=1.8)
    return alt.layer(
        band.encode(x, low, alt.Y2("high:Q"), canvas.color),
        line.encode(x, y, canvas.color, canvas.dashes, tooltip=tooltip),
    )


def chart_training(column: str, axis: str, title: str, text: str, log: bool = False) -> Chart:
    """Make the chart of a column of the history by batch, with a line for each method.

    The axis of batches may be logarithmic.
    """

    def table(results: Results) -> pd.DataFrame:
        return read_training(results.history, column)

    def draw(canvas: Canvas) -> Layers:
        scale = alt.Scale(domainMin=0, domainMax=canvas.upper("high"))
        logarithmic = alt.Scale(type="log", nice=False) if log else alt.Undefined
        x = alt.X("step:Q", title="batches", scale=logarithmic)
        return draw_lines(canvas, x, alt.Y(f"{column}:Q", title=axis, scale=scale))

    return Chart(title, text, f"{title}, a line for each method", table, draw, height=220)
