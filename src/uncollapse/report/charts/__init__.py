"""The charts: a function each, from a table (or the promise of one, `page`) to an Altair chart."""

import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import altair as alt
import pandas as pd

from uncollapse.report.tables import LEAST, MOST

alt.data_transformers.disable_max_rows()
Data = pd.DataFrame | alt.Data
Layers = alt.LayerChart | alt.FacetChart  # what Altair may make of layers
# dark enough for lines on white, and to be told apart by most of the colour-blind (after Okabe & Ito)
COLOURS = [
    "#1a1a1a",
    "#0072b2",
    "#d55e00",
    "#00795a",
    "#b0438f",
    "#8c6d00",
    "#3b9fd6",
    "#7b3294",
    "#8c510a",
    "#4d7d18",
]
TEXT = "#333333"


def palette(methods: Sequence[str]) -> dict[str, str]:
    """A colour for each method, the same in every chart."""
    return {method: COLOURS[i % len(COLOURS)] for i, method in enumerate(methods)}


def by_method(methods: Sequence[str], legend: bool = False) -> dict[str, Any]:
    """Encodings of the method: its colour and, where there are more methods than colours, dashes."""
    shown = alt.Legend(orient="top", title=None, symbolOpacity=1) if legend else None
    dashes = [[1, 0] if i < len(COLOURS) else [5, 3] for i in range(len(methods))]
    return {
        "color": alt.Color("method:N", scale=alt.Scale(domain=list(methods), range=[*palette(methods).values()]), legend=shown),
        "strokeDash": alt.StrokeDash("method:N", scale=alt.Scale(domain=list(methods), range=dashes), legend=shown),
    }  # fmt: skip


def number(field: str, title: str, form: str = ".4g") -> alt.Tooltip:
    """A number in a tooltip."""
    return alt.Tooltip(f"{field}:Q", title=title, format=form)


def lines(
    data: Data,
    methods: Sequence[str],
    x: alt.X,
    y: Callable[[str], alt.Y],
    what: str,
    step: bool,
    legend: bool,
) -> Layers:
    """A line of the column `what` for each method, within the band of its seeds, which the columns `low` and `high` give."""
    inter: Any = "step-after" if step else "linear"
    base = alt.Chart(data).encode(x, **by_method(methods, legend))
    shade = alt.Chart(data).encode(x, by_method(methods, legend)["color"])  # areas have no dashes
    shade = shade.mark_area(opacity=0.15, interpolate=inter, strokeWidth=0)
    line = base.mark_line(interpolate=inter, strokeWidth=1.8)
    tips = ["method:N", number(str(x.shorthand).split(":")[0], "at"), number(what, what), number("low", "least"), number("high", "most")]  # fmt: skip
    return alt.layer(shade.encode(y("low"), alt.Y2("high:Q")), line.encode(y(what), tooltip=tips))


def collapse_curves(data: Data, methods: Sequence[str], legend: bool = False) -> Layers:
    """Share of collapsed dimensions against eps, from `tables.curves`."""
    ticks = alt.Axis(format="~g", values=[10.0**k for k in range(-4, 2)])
    x = alt.X("eps:Q", scale=alt.Scale(type="log", domain=[LEAST, MOST]), title="eps (nats)", axis=ticks)

    def y(field: str) -> alt.Y:
        return alt.Y(
            f"{field}:Q",
            title="collapsed dimensions",
            axis=alt.Axis(format="%"),
            scale=alt.Scale(domain=[0, 1]),
        )

    return lines(data, methods, x, y, "share", step=True, legend=legend)


def trajectory(data: Data, methods: Sequence[str], what: str, title: str, top: Any) -> Layers:
    """A column of the history against gradient steps, from `tables.trajectories`; `top` is where the axis ends."""

    def y(field: str) -> alt.Y:
        return alt.Y(f"{field}:Q", title=title, scale=alt.Scale(domainMin=0, domainMax=top))

    return lines(data, methods, alt.X("step:Q", title="batches"), y, what, step=False, legend=False)


def gains(data: Data, methods: Sequence[str], low: Any = alt.Undefined, high: Any = alt.Undefined) -> Layers:
    """The differences of the nll to plain with their intervals, a line for each method, on an axis from `low` to `high`."""
    base = alt.Chart(data).encode(
        alt.Y("method:N", sort=list(methods), title=None, axis=alt.Axis(labelLimit=200)), color=by_method(methods)["color"]
    )  # fmt: skip
    tips = ["method:N", number("difference", "difference"), number("low", "from"), number("high", "to"),
            number("p_holm", "p (Holm)", ".2g"), alt.Tooltip("seeds:Q", title="seeds")]  # fmt: skip
    title = "nll, difference to plain (nats): left is better"
    zero = alt.Chart(data).mark_rule(color="#777777").encode(x=alt.datum(0))
    ends = base.mark_rule(strokeWidth=2).encode(
        alt.X(
            "low:Q", title=title, axis=alt.Axis(tickCount=6), scale=alt.Scale(domainMin=low, domainMax=high)
        ),
        alt.X2("high:Q"),
    )
    fill = alt.condition("datum.beyond_chance", by_method(methods)["color"], alt.value("white"))
    dots = base.mark_point(size=70, opacity=1, strokeWidth=2).encode(alt.X("difference:Q", title=title), fill=fill, tooltip=tips)  # fmt: skip
    return alt.layer(zero, ends, dots)


def information(data: Data, methods: Sequence[str], models: Sequence[str], top: Any) -> Layers:
    """nll against mutual information, an interval each way, the Pareto front as a line; where mi is at its cap a dotted line towards kl.
    `top` is where the axis of mi ends."""
    base = alt.Chart(data).encode(color=by_method(methods)["color"])
    right, up = "mutual information (nats): right is better", "nll (nats): down is better"
    x, y = (
        alt.X("mi:Q", title=right, scale=alt.Scale(domainMax=top)),
        alt.Y("nll:Q", title=up, scale=alt.Scale(zero=False)),
    )
    tips = ["model:N", "method:N", number("nll", "nll"), number("nll_low", "from"), number("nll_high", "to"), number("mi", "mi"),
            number("mi_low", "from"), number("mi_high", "to"), alt.Tooltip("mi_at_cap:N", title="at its cap"), number("kl", "kl")]  # fmt: skip
    edge = base.transform_filter("datum.front")
    edge = edge.mark_line(color="#999999", strokeDash=[3, 3]).encode(
        x, y, color=alt.value("#999999"), order="mi:Q"
    )
    across = base.mark_rule(opacity=0.6, clip=True).encode(alt.X("mi_low:Q", title=right), y, x2="mi_high:Q")
    capped = base.transform_calculate(most="datum.mi_at_cap ? datum.kl : datum.mi")
    capped = capped.mark_rule(opacity=0.6, strokeDash=[1, 3], clip=True).encode(x, y, x2="most:Q")
    along = base.mark_rule(opacity=0.6).encode(x, alt.Y("nll_low:Q", title=up), y2="nll_high:Q")
    shape = alt.Shape(
        "model:N", scale=alt.Scale(domain=list(models)), legend=alt.Legend(orient="top", title=None)
    )
    dots = base.mark_point(size=90, filled=True, opacity=1).encode(x, y, shape=shape, tooltip=tips)
    return alt.layer(edge, across, capped, along, dots)


def cost(data: Data, methods: Sequence[str], models: Sequence[str]) -> Layers:
    """The difference of the nll to plain against the gradient steps, as a multiple of plain's."""
    base = alt.Chart(data).encode(
        alt.X("cost:Q", title="gradient steps, as a multiple of plain's", scale=alt.Scale(type="log", nice=False, padding=20),
              axis=alt.Axis(values=[0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200], format="~g")),
        color=by_method(methods)["color"],
    )  # fmt: skip
    title = "nll, difference to plain (nats): down is better"
    shape = alt.Shape(
        "model:N", scale=alt.Scale(domain=list(models)), legend=alt.Legend(orient="top", title=None)
    )
    tips = ["model:N", "method:N", number("cost", "steps"), number("difference", "difference"), number("low", "from"), number("high", "to")]  # fmt: skip
    zero = alt.Chart(data).mark_rule(color="#777777").encode(y=alt.datum(0))
    ends = base.mark_rule(opacity=0.6).encode(alt.Y("low:Q", title=title), alt.Y2("high:Q"))
    dots = base.mark_point(size=90, filled=True, opacity=1).encode(alt.Y("difference:Q", title=title), shape=shape, tooltip=tips)  # fmt: skip
    return alt.layer(zero, ends, dots)


def spectra(data: Data, methods: Sequence[str], top: Any) -> alt.Chart:
    """The KL of every dimension, a row for each method and seed, the dimensions in the order of their KL; `top` is where the colours end."""
    color = alt.Color(
        "kl:Q", title="KL (nats)", scale=alt.Scale(type="symlog", constant=0.1, scheme="blues", domainMin=0, domainMax=top),
        legend=alt.Legend(orient="top", gradientLength=160),
    )  # fmt: skip
    return (
        alt.Chart(data)
        .mark_rect()
        .encode(
            alt.X("rank:O", title="dimension, by its KL", axis=alt.Axis(labels=False, ticks=False)),
            alt.Y("method:N", sort=list(methods), title=None, axis=alt.Axis(labelLimit=200)),
            alt.YOffset("seed:N"),
            color,
            tooltip=["method:N", "seed:N", alt.Tooltip("rank:O"), number("kl", "KL")],
        )
    )


def tsne_map(data: Data) -> alt.Chart:
    """A t-SNE map; the column `colour` has each point's colour."""
    return alt.Chart(data).mark_circle(size=14, opacity=0.8).encode(
        alt.X("x:Q", axis=None), alt.Y("y:Q", axis=None), alt.Color("colour:N", scale=None), tooltip=["label:N"]
    )  # fmt: skip


def nothing(why: str) -> alt.Chart:
    """A picture that says why there is none."""
    return alt.Chart(alt.Data(values=[{}])).mark_text(fontSize=14).encode(text=alt.value(why))


def facets(chart: Any, table: pd.DataFrame, width: int = 250, height: int = 170) -> alt.FacetChart:
    """A panel for every data set (columns) and model (rows), in the order of the table, for a picture that stands alone."""
    columns, rows = (list(table[what].drop_duplicates()) for what in ("dataset", "model"))
    return chart.properties(width=width, height=height).facet(
        column=alt.Column("dataset:N", sort=columns, title=None),
        row=alt.Row("model:N", sort=rows, title=None),
    )


def save(chart: Any, file: Path) -> None:
    """A small PNG of a chart: of 128 colours, a fifth of the size, and looks the same."""
    from PIL import Image

    with io.BytesIO() as full:
        chart.save(full, format="png", ppi=144)
        Image.open(full).convert("RGB").quantize(128).save(file, optimize=True)


def page(types: Mapping[str, str]) -> alt.Data:
    """The promise of a table that the page fills in as CSV; `types` says what its columns hold."""
    return alt.Data(name="table", format=alt.DataFormat(type="csv", parse=dict(types)))


def on_page(chart: Any, *, dataset: str, methods: Sequence[str], height: int) -> dict[str, Any]:
    """The chart's specification for the page: as wide as its place, of the data set and the methods that the page shows."""
    chart = chart.transform_filter("datum.dataset == dataset && indexof(shown, datum.method) >= 0")
    chosen = alt.param(name="dataset", value=dataset), alt.param(name="shown", value=list(methods))
    return sized(chart.add_params(*chosen), height)


def sized(chart: Any, height: int, **meta: str) -> dict[str, Any]:
    """The specification of a chart that is as wide as its place; `meta` is for the page's script."""
    chart = chart.properties(width="container", height=height, usermeta=meta).configure_view(stroke="#dddddd")
    axis = {"labelColor": TEXT, "titleColor": TEXT, "gridColor": "#eeeeee", "titleFontWeight": "normal"}
    # the page says what a chart shows; to read out its marks one by one would help nobody
    return chart.configure(font="system-ui, sans-serif", aria=False).configure_axis(**axis).to_dict()
