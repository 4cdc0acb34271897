"""The charts: a function each, from a table to an Altair chart."""

import altair as alt
import pandas as pd

alt.data_transformers.disable_max_rows()
METHOD = alt.Color("method:N", sort=None, scale=alt.Scale(scheme="tableau10"))
LEAST, MOST = 1e-4, 30.0  # nats: the axis of the collapse curve


def by_cell(chart: alt.Chart, table: pd.DataFrame) -> alt.FacetChart:
    """A panel for every data set (rows) and model (columns), in the order of the table."""
    rows, columns = (list(table[what].drop_duplicates()) for what in ("dataset", "model"))
    return chart.properties(width=260, height=170).facet(
        row=alt.Row("dataset:N", sort=rows, title=None), column=alt.Column("model:N", sort=columns, title=None)
    )


def collapse_curves(thresholds: pd.DataFrame) -> alt.FacetChart:
    """Share of collapsed dimensions against eps, a line a seed, from columns (data set, model, method, seed, eps).

    `eps` holds the D thresholds of each run, see `uncollapse.measures.collapse`.
    """
    runs = ["dataset", "model", "method", "seed"]
    curve = thresholds[[*runs, "eps"]].sort_values("eps")
    curve["share"] = (curve.groupby(runs, sort=False).cumcount() + 1) / curve.groupby(runs, sort=False)[
        "eps"
    ].transform("size")
    ends = thresholds[runs].drop_duplicates()
    curve = pd.concat([ends.assign(eps=LEAST, share=0.0), curve, ends.assign(eps=MOST, share=1.0)])
    # a line is a step function, drawn from the axis' first value on
    curve["eps"] = curve["eps"].clip(LEAST, MOST)
    chart = alt.Chart(curve).mark_line(interpolate="step-after", opacity=0.65, strokeWidth=1.5)
    chart = chart.encode(
        alt.X(
            "eps:Q",
            scale=alt.Scale(type="log", domain=[LEAST, MOST]),
            title="eps (nats)",
            axis=alt.Axis(format="~g", values=[10.0**k for k in range(-4, 2)]),
        ),
        alt.Y("share:Q", title="share of collapsed dimensions", axis=alt.Axis(format="%")),
        METHOD,
        detail="seed:N",
        order="share:Q",
        tooltip=["method", "seed", alt.Tooltip("eps", format=".3g"), alt.Tooltip("share", format=".0%")],
    )
    return by_cell(chart, thresholds)


def trajectories(history: pd.DataFrame, what: str, title: str) -> alt.FacetChart:
    """A column of the history against gradient steps, a line a seed."""
    chart = alt.Chart(history).mark_line(opacity=0.65, strokeWidth=1.5)
    chart = chart.encode(
        alt.X("step:Q"),
        alt.Y(f"{what}:Q", title=title),
        METHOD,
        detail="seed:N",
        tooltip=["method", "seed", "epoch", "step", what],
    )
    return by_cell(chart, history).resolve_scale(x="independent", y="independent")


def tsne_maps(points: pd.DataFrame) -> alt.VConcatChart:
    """The t-SNE maps of all cells, from columns (data set, model, method, x, y, label)."""

    def row(name: str, mine: pd.DataFrame) -> alt.HConcatChart:
        color = alt.Color("label:N", scale=alt.Scale(scheme="category10"), title=name)
        maps = []
        for (model, method), cell in mine.groupby(["model", "method"], sort=False):
            dots = alt.Chart(cell, title=f"{model} {method}", width=150, height=150).mark_circle(size=10, opacity=0.8)
            maps.append(dots.encode(alt.X("x:Q", axis=None), alt.Y("y:Q", axis=None), color, tooltip=["label"]))
        return alt.hconcat(*maps)

    rows = [row(str(name), mine) for name, mine in points.groupby("dataset", sort=False)]
    return alt.vconcat(*rows).resolve_scale(color="independent").configure_view(stroke=None)
