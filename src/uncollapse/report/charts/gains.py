"""The nll of each method, compared with the plain method."""

import altair as alt
import pandas as pd

from uncollapse.report.charts import Chart
from uncollapse.report.charts._canvas import Canvas, Layers, close_intervals, make_tips
from uncollapse.results.gather import Results
from uncollapse.results.means import CELL

GAIN_COLUMNS = [*CELL, "difference", "low", "high", "p_holm", "beyond_chance", "seeds"]


def table(results: Results) -> pd.DataFrame:
    """Return a row for each comparison."""
    return close_intervals(results.gains, "difference")[GAIN_COLUMNS]


def draw(canvas: Canvas) -> Layers:
    """Draw a point with its interval for each method: full if beyond chance, else hollow."""
    title = "nll, difference to plain (nats): left is better"
    base = canvas.chart.encode(canvas.method_rows, color=canvas.color)
    zero = canvas.chart.mark_rule(color="#777777").encode(x=alt.datum(0))
    scale = alt.Scale(domainMin=canvas.lower("low"), domainMax=canvas.upper("high"))
    intervals = base.mark_rule(strokeWidth=2).encode(
        alt.X("low:Q", title=title, axis=alt.Axis(tickCount=6), scale=scale), alt.X2("high:Q")
    )
    points = base.mark_point(size=70, opacity=1, strokeWidth=2).encode(
        alt.X("difference:Q", title=title),
        fill=alt.condition("datum.beyond_chance", canvas.color, alt.value("white")),
        tooltip=make_tips(
            "method", difference="difference", low="from", high="to", p_holm="p (Holm)", seeds="seeds"
        ),
    )
    return alt.layer(zero, intervals, points)


CHART = Chart(
    title="What each method does to the likelihood",
    text="The nll, compared with the plain method of the same model: mean difference over paired seeds and "
    "its 95 % interval. Full points are beyond chance.",
    alt="Differences of the nll to plain, a line for each method",
    table=table,
    draw=draw,
    height=0,
    height_per_method=26,
    section="answers",
)
