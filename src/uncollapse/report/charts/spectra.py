"""The KL of each latent dimension."""

import altair as alt
import pandas as pd

from uncollapse.report.charts import Chart
from uncollapse.report.charts._canvas import Canvas, make_tips
from uncollapse.results.gather import Results
from uncollapse.results.means import CELL


def table(results: Results) -> pd.DataFrame:
    """Return the mean KL of each dimension of each run, and its `rank`: 1 for the largest."""
    spectra = results.thresholds[[*CELL, "seed", "kl"]].sort_values("kl", ascending=False, kind="stable")
    spectra["rank"] = spectra.groupby([*CELL, "seed"], sort=False).cumcount() + 1
    return spectra.sort_index()


def draw(canvas: Canvas) -> alt.Chart:
    """Draw a row of rectangles for each run; the darker, the larger the KL."""
    scale = alt.Scale(type="symlog", constant=0.1, scheme="blues", domainMin=0, domainMax=canvas.upper("kl"))
    legend = alt.Legend(orient="top", gradientLength=160)
    return canvas.chart.mark_rect().encode(
        alt.X("rank:O", title="dimension, by its KL", axis=alt.Axis(labels=False, ticks=False)),
        canvas.method_rows,
        alt.YOffset("seed:N"),
        alt.Color("kl:Q", title="KL (nats)", scale=scale, legend=legend),
        tooltip=make_tips("method", "seed", rank="rank", kl="KL"),
    )


CHART = Chart(
    title="KL of each dimension",
    text="Mean over the training data; a row for each seed, with the dimensions in the order of their KL.",
    alt="KL of each dimension, a row for each method and seed",
    table=table,
    draw=draw,
    height=60,
    height_per_method=30,
)
