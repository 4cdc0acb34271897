"""The charts of the report's page, each with the rows that it draws."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from uncollapse.report import charts
from uncollapse.report.tables import CELL

MARGIN = 1.02  # above the largest value
MOST_POINTS = 40_000  # of all t-SNE maps together: the page stays small enough to be sent around
LABELS = [
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
]


class Panel(NamedTuple):
    """A chart's place on the page: the rows that it draws, as CSV; shown with its data sets (names with spaces between) and its method only."""

    title: str
    alt: str
    csv: str
    dataset: str
    method: str | None = None


class Group(NamedTuple):
    """Panels that share a specification."""

    id: str
    title: str
    text: str
    spec: dict[str, Any]
    panels: list[Panel]
    size: str = ""
    legends: Mapping[str, Mapping[str, str]] = {}


def csv(table: pd.DataFrame, columns: Sequence[str]) -> str:
    """Columns of a table as CSV, safe inside a script element; truth values as 1 and 0, numbers to five digits."""
    some = table[list(columns)]
    return (
        some.astype({name: int for name in some if some[name].dtype == bool})
        .to_csv(index=False, float_format="%.5g")
        .replace("</", "< /")
    )


def drawable(rows: pd.DataFrame, *measures: str) -> pd.DataFrame:
    """Rows whose intervals, where one seed gives none, have no length."""
    ends = {
        "difference": ("low", "high"),
        **{measure: (f"{measure}_low", f"{measure}_high") for measure in measures},
    }
    return rows.assign(
        **{end: rows[end].fillna(rows[name]) for name in ends if name in rows for end in ends[name]}
    )


def of(rows: pd.DataFrame) -> str:
    """The data sets that rows are of, as the page's script reads them."""
    return " ".join(rows["dataset"].drop_duplicates())


def by_model(table: pd.DataFrame, columns: Sequence[str], what: str) -> list[Panel]:
    """A panel for each model, with the rows of all data sets, of which the page shows one."""
    return [
        Panel(str(model), f"{what}, model {model}, a line for each method", csv(rows, ["dataset", "method", *columns]), of(rows))
        for model, rows in table.groupby("model", sort=False)
    ]  # fmt: skip


def groups(
    tables: Mapping[str, pd.DataFrame], methods: list[str], models: list[str], dataset: str
) -> Iterator[Group]:
    """All charts of the page, from the tables that report.py made."""

    def spec(chart: Any, height: int) -> dict[str, Any]:
        return charts.on_page(chart, dataset=dataset, methods=methods, height=height)

    def top(rows: pd.DataFrame, what: str, most: bool = True) -> Any:
        """A little more than the largest value of the data set that is shown, or the least, and zero: the charts of all models end there."""
        ends = rows.groupby("dataset")[what].agg("max" if most else "min") * MARGIN
        reach = {str(name): max(end, 0.0) if most else min(end, 0.0) for name, end in ends.items()}
        return charts.alt.ExprRef(f"({reach})[dataset]")

    def table(*numbers: str) -> Any:
        return charts.page(dict.fromkeys(numbers, "number"))

    rows = drawable(tables["gains"])
    if len(rows):
        fields = ["difference", "low", "high", "p_holm", "beyond_chance", "seeds"]
        yield Group(
            "gains", "What each method gains", "The nll, compared with the plain method of the same model: mean difference of the seeds and its 95 % interval. Full: beyond chance.",
            spec(charts.gains(table(*fields), methods, top(rows, "low", most=False), top(rows, "high")), 26 * len(methods)), by_model(rows, fields, "Differences of the nll to plain"),
        )  # fmt: skip
    fields = ["eps", "share", "low", "high"]
    yield Group(
        "collapse", "Collapse curves", "Share of latent dimensions whose KL is below eps for all but delta of the training data, mean and range over seeds: the further right a curve, the less has collapsed.",
        spec(charts.collapse_curves(table(*fields), methods), 240), by_model(tables["curves"], fields, "Share of collapsed dimensions against eps"),
    )  # fmt: skip
    for what, axis, title, text in [
        (
            "kl",
            "KL (nats)",
            "KL in training",
            "Of the training batches of an epoch (nats), mean and range over seeds.",
        ),
        ("beta", "beta", "Price of the KL in training", "What a nat of KL costs, mean and range over seeds."),
    ]:
        fields = ["step", what, "low", "high"]
        rows = tables[what]
        yield Group(
            what, title, text, spec(charts.trajectory(table(*fields), methods, what, axis, top(rows, "high")), 220), by_model(rows, fields, title)
        )  # fmt: skip
    cells = drawable(tables["cells"], "nll", "mi")
    fields = ["mi", "mi_low", "mi_high", "mi_at_cap", "nll", "nll_low", "nll_high", "kl", "front"]
    yield Group(
        "information", "Likelihood against information", "A method that keeps information but loses likelihood is no remedy. Dashed grey: the cells that none beats in both. Dotted: mi is at its cap, and lies between there and kl. The axis ends a little above the cap.",
        spec(charts.information(table(*fields), methods, models, top(cells, "mi_cap")), 360),
        [Panel("all models", "nll against mutual information, a point for each model and method", csv(cells, [*CELL, *fields]), of(cells))],
    )  # fmt: skip
    rows = drawable(tables["cost"])
    if len(rows):
        fields = ["cost", "difference", "low", "high"]
        yield Group(
            "cost", "Cost against gain", "Gradient steps of encoder and decoder together, as a multiple of plain's, and what they bring.",
            spec(charts.cost(table(*fields), methods, models), 360),
            [Panel("all models", "difference of the nll to plain against gradient steps, a point for each model and method", csv(rows, [*CELL, *fields]), of(rows))],
        )  # fmt: skip
    fields = ["seed", "rank", "kl"]
    yield Group(
        "spectra", "KL of each dimension", "On the training data, a line for each seed, the dimensions in the order of their KL.",
        spec(charts.spectra(table(*fields), methods, top(tables["spectra"], "kl")), 60 + 30 * len(methods)), by_model(tables["spectra"], fields, "KL of each dimension"),
    )  # fmt: skip
    yield from maps(tables["tsne"], tables["cells"])


def coloured(points: pd.DataFrame) -> pd.DataFrame:
    """Points of t-SNE maps with the colour of their label, which is the same in all maps of a data set."""
    places = points.groupby("dataset")["label"].transform(lambda labels: pd.factorize(labels, sort=True)[0])
    return points.assign(colour=[LABELS[place % len(LABELS)] for place in places])


def maps(points: pd.DataFrame, cells: pd.DataFrame) -> Iterator[Group]:
    """The t-SNE maps, a panel for each cell."""
    most, fields = max(50, MOST_POINTS // max(1, len(cells))), ["x", "y", "label", "colour"]
    panels = []
    for (name, model, method), cell in points.round({"x": 1, "y": 1}).groupby(CELL, sort=False):
        what = f"t-SNE map of the posterior means of {name}, {model} {method}"
        panels.append(Panel(f"{model} {method}", what, csv(cell[:most], fields), str(name), str(method)))
    labels = (
        points[points["label"] != ""][["dataset", "label", "colour"]].drop_duplicates().sort_values("label")
    )
    legends: dict[str, dict[str, str]] = {}
    for name, mine in labels.groupby("dataset"):
        if len(mine) <= 2 * len(LABELS):
            legends[str(name)] = dict(zip(mine["label"], mine["colour"], strict=True))
    chart = charts.tsne_map(
        charts.page({"x": "number", "y": "number", "label": "string", "colour": "string"})
    )
    spec = charts.sized(chart, 160, renderer="canvas")  # thousands of points
    yield Group("tsne", "t-SNE maps", "Posterior means of the test set, first seed, coloured by label where there are labels. A picture, no measure.", spec, panels, "small", legends)  # fmt: skip
