"""The charts on the page: each is one Vega-Lite specification, with the rows of its panels as CSV."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import altair as alt
import pandas as pd

from uncollapse.report.charts import Chart, list_charts
from uncollapse.report.charts._canvas import Canvas
from uncollapse.results.gather import Results
from uncollapse.results.means import CELL

TEXT = "#333333"
# All rows of a panel have the same values in these columns.
CUTS = {"model": ["model"], "grid": [], "cell": CELL}


class Panel(NamedTuple):
    """The rows of a panel; it is shown with its data sets (names with spaces between) and its method."""

    title: str
    alt: str
    csv: str
    datasets: str
    method: str | None


class Figure(NamedTuple):
    """A chart as the page holds it; `small` if its panels are."""

    name: str
    chart: Chart
    spec: dict[str, Any]
    panels: list[Panel]
    small: bool
    legends: Mapping[str, Mapping[str, str]]


def make_figures(results: Results) -> Iterator[Figure]:
    """Make all charts that have rows."""
    for name, chart in list_charts().items():
        table = chart.table(results)
        if len(table):
            legends = chart.legend(table) if chart.legend else {}
            spec = make_specification(chart, table, results)
            yield Figure(name, chart, spec, cut_panels(chart, table), chart.panels == "cell", legends)


def cut_panels(chart: Chart, table: pd.DataFrame) -> list[Panel]:
    """Cut the table of a chart into its panels."""
    cut = CUTS[chart.panels]
    parts = table.groupby(cut, sort=False) if cut else [((), table)]
    result = []
    for values, rows in parts:
        names = dict(zip(cut, map(str, values), strict=True))
        title = " ".join(names[column] for column in ("model", "method") if column in names) or "all models"
        about = "".join(f", {column} {name}" for column, name in names.items())
        datasets = " ".join(rows["dataset"].drop_duplicates())
        result.append(
            Panel(title, chart.alt + about, write_csv(rows.drop(columns=cut)), datasets, names.get("method"))
        )
    return result


def write_csv(table: pd.DataFrame) -> str:
    """Write a table as CSV for a script element; truth values are 1 and 0, numbers have five digits."""
    truths = table.select_dtypes(bool).columns
    text = table.astype(dict.fromkeys(truths, int)).to_csv(index=False, float_format="%.5g")
    return text.replace("</", "< /").replace("<!--", "< !--")


def make_specification(chart: Chart, table: pd.DataFrame, results: Results) -> dict[str, Any]:
    """Make the Vega-Lite specification of a chart, which the page fills with the rows of each panel.

    Unless there is a panel for each cell, it shows the data set and the methods that are named by its
    parameters `dataset` and `shown`, which the page's script sets.
    """
    types = {name: "number" for name in table if pd.api.types.is_numeric_dtype(table[name])}
    rows = alt.Data(name="table", format=alt.DataFormat(type="csv", parse=types))
    drawing = chart.draw(Canvas(rows, results.methods, results.models, table))
    # Panels of cells are many, with thousands of points.
    renderer = "canvas" if chart.panels == "cell" else "svg"
    if chart.panels != "cell":
        drawing = drawing.transform_filter("datum.dataset == dataset && indexof(shown, datum.method) >= 0")
        dataset = alt.param(name="dataset", value=results.present[0].dataset)
        drawing = drawing.add_params(dataset, alt.param(name="shown", value=results.methods))
    height = chart.height + chart.height_per_method * len(results.methods)
    drawing = drawing.properties(width="container", height=height, usermeta={"renderer": renderer})
    axis = {"labelColor": TEXT, "titleColor": TEXT, "gridColor": "#eeeeee", "titleFontWeight": "normal"}
    # The page says what a chart shows, so a screen reader need not read out its marks one by one.
    drawing = drawing.configure(font="system-ui, sans-serif", aria=False)
    return drawing.configure_view(stroke="#dddddd").configure_axis(**axis).to_dict()
