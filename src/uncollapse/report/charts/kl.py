"""The KL in training."""

import altair as alt
import pandas as pd

from uncollapse.report.charts import Chart
from uncollapse.report.charts._canvas import Canvas, Layers
from uncollapse.report.charts._lines import in_training, lines
from uncollapse.report.results import Results


def table(results: Results) -> pd.DataFrame:
    """The mean KL of an epoch's batches, over seeds."""
    return in_training(results.history, "kl")


def draw(canvas: Canvas) -> Layers:
    """A line for each method."""
    scale = alt.Scale(domainMin=0, domainMax=canvas.upper("high"))
    return lines(canvas, alt.X("step:Q", title="batches"), alt.Y("kl:Q", title="KL (nats)", scale=scale))


CHART = Chart(
    title="KL in training",
    text="Mean over the training batches of an epoch; mean and range over seeds.",
    alt="KL in training, a line for each method",
    table=table,
    draw=draw,
    height=220,
)
