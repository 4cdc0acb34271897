"""The difference that a method makes to the nll, against the work that it takes."""

import altair as alt
import pandas as pd

from uncollapse.report.charts import Chart
from uncollapse.report.charts._canvas import Canvas, Layers, close_intervals, make_tips
from uncollapse.results.gather import Results
from uncollapse.results.means import CELL

TICKS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200]


def table(results: Results) -> pd.DataFrame:
    """Return a row for each comparison of a method with plain."""
    gains = close_intervals(results.gains, "difference").merge(results.means[[*CELL, "cost"]])
    return gains[[*CELL, "cost", "difference", "low", "high"]]


def draw(canvas: Canvas) -> Layers:
    """Draw a point with its interval for each model and method."""
    scale, axis = alt.Scale(type="log", nice=False, padding=20), alt.Axis(values=TICKS, format="~g")
    x = alt.X("cost:Q", title="work of training, as a multiple of plain's", scale=scale, axis=axis)
    title = "nll, difference to plain (nats): down is better"
    base = canvas.chart.encode(x, color=canvas.color)
    zero = canvas.chart.mark_rule(color="#777777").encode(y=alt.datum(0))
    intervals = base.mark_rule(opacity=0.6).encode(alt.Y("low:Q", title=title), alt.Y2("high:Q"))
    points = base.mark_point(size=90, filled=True, opacity=1).encode(
        alt.Y("difference:Q", title=title),
        shape=canvas.model_shape,
        tooltip=make_tips("model", "method", cost="work", difference="difference", low="from", high="to"),
    )
    return alt.layer(zero, intervals, points)


CHART = Chart(
    title="Cost and gain",
    text="The work of training, in floating point operations, as a multiple of that of the plain method, "
    "and the difference in nll that comes with it.",
    alt="Difference of the nll to plain against the work of training, a point for each model and method",
    table=table,
    draw=draw,
    panels="grid",
    height=360,
)
