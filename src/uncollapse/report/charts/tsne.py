"""t-SNE maps of the posterior means."""

import altair as alt
import pandas as pd

from uncollapse.report.charts import Chart
from uncollapse.report.charts._canvas import Canvas
from uncollapse.results.gather import Results
from uncollapse.results.means import CELL

# All maps together have so many points, which keeps the page small enough to be sent around.
MOST_POINTS = 40_000
LABEL_COLOURS = (
    "#4c78a8",
    "#f58518",
    "#e45756",
    "#72b7b2",
    "#54a24b",
    "#eeca3b",
    "#b279a2",
    "#ff9da6",
    "#9d755d",
    "#7f7f7f",
)


def table(results: Results) -> pd.DataFrame:
    """Return the first points of each map; a label has the same colour in all maps of a data set."""
    labels = results.maps.groupby("dataset")["label"]
    index = labels.transform(lambda column: pd.factorize(column, sort=True)[0])
    points = results.maps.assign(colour=[LABEL_COLOURS[i % len(LABEL_COLOURS)] for i in index]).round(
        {"x": 1, "y": 1}
    )
    most = max(50, MOST_POINTS // len(results.present))
    return points.groupby(CELL, sort=False).head(most)[[*CELL, "x", "y", "label", "colour"]]


def draw(canvas: Canvas) -> alt.Chart:
    """Draw a point for each test example."""
    return canvas.chart.mark_circle(size=14, opacity=0.8).encode(
        alt.X("x:Q", axis=None),
        alt.Y("y:Q", axis=None),
        alt.Color("colour:N", scale=None),
        tooltip=["label:N"],
    )


def legend(points: pd.DataFrame) -> dict[str, dict[str, str]]:
    """Return the colours of the labels of each data set, unless there are none, or too many to list."""
    labels = points[points["label"] != ""][["dataset", "label", "colour"]].drop_duplicates()
    return {
        str(name): dict(zip(rows["label"], rows["colour"], strict=True))
        for name, rows in labels.sort_values("label").groupby("dataset")
        if len(rows) <= 2 * len(LABEL_COLOURS)
    }


CHART = Chart(
    title="t-SNE maps",
    text="Posterior means of test examples, the first seed that did not diverge, coloured by label if there "
    "are labels. A picture, not a measure.",
    alt="t-SNE map of the posterior means",
    table=table,
    draw=draw,
    panels="cell",
    height=160,
    legend=legend,
)
