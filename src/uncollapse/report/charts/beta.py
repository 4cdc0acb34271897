"""The KL weight in training."""

import altair as alt
import pandas as pd

from uncollapse.report.charts import Chart
from uncollapse.report.charts._canvas import Canvas, Layers
from uncollapse.report.charts._lines import in_training, lines
from uncollapse.report.results import Results


def table(results: Results) -> pd.DataFrame:
    """The mean KL weight of an epoch's batches, over seeds."""
    return in_training(results.history, "beta")


def draw(canvas: Canvas) -> Layers:
    """A line for each method."""
    scale = alt.Scale(domainMin=0, domainMax=canvas.upper("high"))
    return lines(canvas, alt.X("step:Q", title="batches"), alt.Y("beta:Q", title="beta", scale=scale))


CHART = Chart(
    title="KL weight (beta) in training",
    text="The factor of the KL in the loss, mean over the batches of an epoch; mean and range over seeds.",
    alt="KL weight (beta) in training, a line for each method",
    table=table,
    draw=draw,
    height=220,
)
