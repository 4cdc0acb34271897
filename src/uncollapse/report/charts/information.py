"""The nll against the mutual information of x and z."""

import altair as alt
import pandas as pd

from uncollapse.report.charts import Chart
from uncollapse.report.charts._canvas import Canvas, Layers, close_intervals, make_tips
from uncollapse.results.gather import Results
from uncollapse.results.means import CELL

INFORMATION_COLUMNS = ["mi", "mi_low", "mi_high", "mi_cap", "mi_upper"]
LIKELIHOOD_COLUMNS = ["nll", "nll_low", "nll_high", "front"]


def table(results: Results) -> pd.DataFrame:
    """Return a row for each cell."""
    means = close_intervals(results.means, "nll", "nll_low", "nll_high")
    return close_intervals(means, "mi", "mi_low", "mi_high")[
        [*CELL, *INFORMATION_COLUMNS, *LIKELIHOOD_COLUMNS]
    ]


def draw(canvas: Canvas) -> Layers:
    """Draw a point for each cell, with an interval in each direction, and the Pareto front."""
    base = canvas.chart.encode(color=canvas.color)
    right, down = "mutual information (nats): right is better", "nll (nats): down is better"
    x = alt.X("mi:Q", title=right, scale=alt.Scale(domainMax=canvas.upper("mi_cap")))
    y = alt.Y("nll:Q", title=down, scale=alt.Scale(zero=False))
    front = base.transform_filter("datum.front").mark_line(color="#999999", strokeDash=[3, 3])
    across = base.mark_rule(opacity=0.6, clip=True).encode(alt.X("mi_low:Q", title=right), y, x2="mi_high:Q")
    range_of_mi = base.mark_rule(opacity=0.6, strokeDash=[1, 3], clip=True)
    along = base.mark_rule(opacity=0.6).encode(x, alt.Y("nll_low:Q", title=down), y2="nll_high:Q")
    likelihood = {"nll": "nll", "nll_low": "from", "nll_high": "to"}
    information = {"mi": "mi", "mi_low": "from", "mi_high": "to", "mi_upper": "mi at most"}
    tooltip = make_tips("model", "method", **likelihood, **information)
    points = base.mark_point(size=90, filled=True, opacity=1)
    return alt.layer(
        front.encode(x, y, color=alt.value("#999999"), order="mi:Q"),
        across,
        range_of_mi.encode(x, y, x2="mi_upper:Q"),
        along,
        points.encode(x, y, shape=canvas.model_shape, tooltip=tooltip),
    )


CHART = Chart(
    title="Likelihood and information",
    text="A method that keeps information but loses likelihood is no remedy. Grey dashes join the cells that "
    "no other cell beats in both. Points are at the lower bound of mi, dotted lines reach to the upper one. "
    "The axis ends just above the cap of the lower bound.",
    alt="nll against mutual information, a point for each model and method",
    table=table,
    draw=draw,
    panels="grid",
    height=360,
)
