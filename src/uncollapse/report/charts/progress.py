"""The validation ELBO, against the work that it took."""

import altair as alt
import pandas as pd

from uncollapse.report.charts import Chart
from uncollapse.report.charts._canvas import Canvas, make_tips
from uncollapse.results.gather import Results
from uncollapse.results.means import CELL


def table(results: Results) -> pd.DataFrame:
    """Return a row for each cell and epoch: means over the seeds that were still trained."""
    grouped = results.history.groupby([*CELL, "epoch"], sort=False)
    rows = grouped[["gflops", "valid_elbo"]].mean().reset_index()
    return rows[[*CELL, "gflops", "valid_elbo"]]


def draw(canvas: Canvas) -> alt.Chart:
    """Draw a line for each method."""
    return canvas.chart.mark_line(point={"size": 12}).encode(
        alt.X("gflops:Q", title="work of training (GFLOP)", scale=alt.Scale(type="log", nice=False)),
        alt.Y("valid_elbo:Q", title="validation elbo (nats)", scale=alt.Scale(zero=False)),
        color=canvas.color,
        strokeDash=canvas.dashes,
        tooltip=make_tips("method", gflops="GFLOP", valid_elbo="validation elbo"),
    )


CHART = Chart(
    title="Progress at equal work",
    text="The validation elbo, a mean over seeds, against the floating point operations that training had "
    "taken. Read it upwards at one place of the axis: which method is ahead for the same work?",
    alt="Validation elbo of each method against the work of training",
    table=table,
    draw=draw,
)
