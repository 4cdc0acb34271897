"""The (eps, delta)-collapse curves (Lucas et al. 2019, arXiv 1911.02469)."""

import altair as alt
import numpy as np
import pandas as pd

from uncollapse.report.charts import Chart
from uncollapse.report.charts._canvas import Canvas, Layers
from uncollapse.report.charts._lines import average_seeds, draw_lines
from uncollapse.results.gather import Results
from uncollapse.results.means import CELL

LEAST_EPS, MOST_EPS, EPS_COUNT = 1e-4, 30.0, 120  # in nats


def table(results: Results) -> pd.DataFrame:
    """Average the share of collapsed dimensions over seeds, at the values of eps where it changes."""
    grid = np.geomspace(LEAST_EPS, MOST_EPS, EPS_COUNT)
    runs = []
    for names, run in results.thresholds.groupby([*CELL, "seed"], sort=False):
        below = np.searchsorted(np.sort(run["eps"].to_numpy()), grid)
        cell = dict(zip([*CELL, "seed"], names, strict=True))
        runs.append(pd.DataFrame({**cell, "eps": grid, "share": below / len(run)}))
    curves = average_seeds(pd.concat(runs), "eps", "share")
    values = curves[["share", "low", "high"]]
    changes = (values != values.shift()).any(axis=1) | (values != values.shift(-1)).any(axis=1)
    return curves[curves["eps"].isin(grid[[0, -1]]) | changes].reset_index(drop=True)


def draw(canvas: Canvas) -> Layers:
    """Draw a curve for each method."""
    ticks = alt.Axis(format="~g", values=[10.0**k for k in range(-4, 2)])
    scale = alt.Scale(type="log", domain=[LEAST_EPS, MOST_EPS])
    x = alt.X("eps:Q", scale=scale, title="eps (nats)", axis=ticks)
    percent, whole = alt.Axis(format="%"), alt.Scale(domain=[0, 1])
    y = alt.Y("share:Q", title="collapsed dimensions", axis=percent, scale=whole)
    return draw_lines(canvas, x, y, "step-after")


CHART = Chart(
    title="Collapse curves",
    text="Share of the latent dimensions whose KL is below eps for all but a share delta of the training "
    "data: mean and range over seeds. The further right a curve, the less has collapsed.",
    alt="Share of collapsed dimensions against eps, a line for each method",
    table=table,
    draw=draw,
)
