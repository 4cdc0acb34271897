"""The page of the report: one file that opens from disk, with all that it draws inside."""

import base64
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import charts
import jinja2
import pandas as pd
import vl_convert
from evidence import difference, plus_minus
from explain import inline
from markupsafe import Markup

FOLDER = Path(__file__).parent / "template"
SECTIONS = [
    ("answers", "Answers"),
    ("table", "Numbers"),
    ("pictures", "Pictures"),
    ("methods", "Methods"),
    ("trust", "Trust"),
]
MOST_POINTS = 40_000  # of all t-SNE maps together: the page stays small enough to be sent around
LABELS = ["#4c78a8", "#f58518", "#e45756", "#72b7b2", "#54a24b", "#eeca3b", "#b279a2", "#ff9da6", "#9d755d", "#7f7f7f"]
COLUMNS = {  # of the table: measure, its unit in differences
    "nll": "nll", "elbo": "elbo", "kl": "kl", "mi": "mi", "active units": "active_units", "collapsed": "collapsed", "probe": "probe_accuracy",
}  # fmt: skip


class Panel(NamedTuple):
    """A chart's place on the page: the rows that it draws, as CSV; shown with its data set and method only, where it has them."""

    title: str
    alt: str
    csv: str
    dataset: str | None = None
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


def by_model(table: pd.DataFrame, columns: Sequence[str], what: str) -> list[Panel]:
    """A panel for each model, with the rows of all data sets, of which the page shows one."""
    return [
        Panel(str(model), f"{what}, model {model}, a line for each method", csv(rows, ["dataset", "method", *columns]))
        for model, rows in table.groupby("model", sort=False)
    ]  # fmt: skip


def groups(tables: Mapping[str, pd.DataFrame], methods: list[str], models: list[str], dataset: str) -> Iterator[Group]:
    """All charts of the page, from the tables that report.py made."""

    def spec(chart: Any, height: int) -> dict[str, Any]:
        return charts.on_page(chart, dataset=dataset, methods=methods, height=height)

    def table(*numbers: str) -> Any:
        return charts.page(dict.fromkeys(numbers, "number"))

    rows = tables["gains"]
    if len(rows):
        fields = ["difference", "low", "high", "p_holm", "beyond_chance", "seeds"]
        yield Group(
            "gains", "What each method gains", "The nll, compared with the plain method of the same model: mean difference of the seeds and its 95 % interval. Full: beyond chance.",
            spec(charts.gains(table(*fields), methods), 26 * len(methods)), by_model(rows, fields, "Differences of the nll to plain"),
        )  # fmt: skip
    fields = ["eps", "share", "low", "high"]
    yield Group(
        "collapse", "Collapse curves", "Share of latent dimensions whose KL is below eps for all but delta of the training data, mean and range over seeds: the further right a curve, the less has collapsed.",
        spec(charts.collapse_curves(table(*fields), methods), 240), by_model(tables["curves"], fields, "Share of collapsed dimensions against eps"),
    )  # fmt: skip
    for what, title, text in [
        ("kl", "KL in training", "Of the training batches of an epoch (nats), mean and range over seeds."),
        ("beta", "Price of the KL in training", "What a nat of KL costs, mean and range over seeds."),
    ]:
        fields = ["step", what, "low", "high"]
        rows = tables[what]
        tops = {str(name): float(top) for name, top in rows.groupby("dataset")["high"].max().items()}
        top = charts.alt.ExprRef(f"({tops})[dataset]")
        yield Group(
            what, title, text, spec(charts.trajectory(table(*fields), methods, what, what, top), 220), by_model(rows, fields, title)
        )  # fmt: skip
    cells = tables["cells"]
    fields = ["mi", "mi_low", "mi_high", "mi_at_cap", "nll", "nll_low", "nll_high", "kl", "front"]
    yield Group(
        "information", "Likelihood against information", "A method that keeps information but loses likelihood is no remedy. Dashed grey: the cells that none beats in both. Dotted: mi is at its cap, and lies between there and kl.",
        spec(charts.information(table(*fields), methods, models), 360),
        [Panel("all models", "nll against mutual information, a point for each model and method", csv(cells, ["dataset", "model", "method", *fields]))],
    )  # fmt: skip
    rows = tables["cost"]
    if len(rows):
        fields = ["cost", "difference", "low", "high"]
        yield Group(
            "cost", "Cost against gain", "Gradient steps of encoder and decoder together, as a multiple of plain's, and what they bring.",
            spec(charts.cost(table(*fields), methods, models), 360),
            [Panel("all models", "difference of the nll to plain against gradient steps, a point for each model and method", csv(rows, ["dataset", "model", "method", *fields]))],
        )  # fmt: skip
    fields = ["seed", "rank", "kl"]
    yield Group(
        "spectra", "KL of each dimension", "On the training data, a line for each seed, the dimensions in the order of their KL.",
        spec(charts.spectra(table(*fields), methods), 60 + 30 * len(methods)), by_model(tables["spectra"], fields, "KL of each dimension"),
    )  # fmt: skip
    yield from maps(tables["tsne"], tables["cells"])


def maps(points: pd.DataFrame, cells: pd.DataFrame) -> Iterator[Group]:
    """The t-SNE maps, a panel for each cell."""
    panels, legends, most = [], {}, max(50, MOST_POINTS // max(1, len(cells)))
    for name, mine in points.groupby("dataset", sort=False):
        labels = [label for label in sorted(mine["label"].fillna("").astype(str).unique()) if label]
        shades = {label: LABELS[i % len(LABELS)] for i, label in enumerate(labels)}
        if len(labels) <= 2 * len(LABELS):
            legends[str(name)] = shades
        for (model, method), cell in mine.groupby(["model", "method"], sort=False):
            label = cell["label"].fillna("").astype(str)
            shown = cell.assign(
                x=cell["x"].round(1), y=cell["y"].round(1), label=label, colour=label.map({**shades, "": "#4c78a8"})
            )
            what = f"t-SNE map of the posterior means of {name}, {model} {method}"
            panels.append(
                Panel(
                    f"{model} {method}", what, csv(shown[:most], ["x", "y", "label", "colour"]), str(name), str(method)
                )
            )
    chart = charts.tsne_map(charts.page({"x": "number", "y": "number", "label": "string", "colour": "string"}))
    spec = charts.sized(chart, 160, renderer="canvas")  # thousands of points
    yield Group("tsne", "t-SNE maps", "Posterior means of the test set, first seed, coloured by label where there are labels. A picture, no measure.", spec, panels, "small", legends)  # fmt: skip


def table_of(
    cells: pd.DataFrame, comparison: pd.DataFrame, missing: Mapping[Any, str], order: Sequence[Any]
) -> dict[str, list[dict[str, Any]]]:
    """The rows of the table of every data set: each number, and below it the difference to plain."""
    known = {(row["dataset"], row["model"], row["method"]): row for row in cells.to_dict("records")}
    to_plain = comparison[comparison["question"] == "method"]
    found = {(row["dataset"], row["model"], row["method"], row["measure"]): row for row in to_plain.to_dict("records")}
    tables: dict[str, list[dict[str, Any]]] = {}
    for cell in order:
        row: dict[str, Any] = {"model": cell.model, "method": cell.method, "missing": missing.get(cell)}
        if cell not in missing:
            row["values"] = []
            for measure in COLUMNS.values():
                mean = known[cell]
                text = plus_minus(mean, measure)
                apart, sign = difference(found.get((*cell, measure)))
                row["values"].append({"text": text, "difference": apart, "sign": sign})
            cost = known[cell]["cost"]
            row["values"].append({"text": "" if pd.isna(cost) else f"{cost:.3g}", "difference": "", "sign": ""})
        tables.setdefault(cell.dataset, []).append(row)
    return tables


def picture(file: Path) -> str:
    """A picture as a data address; WebP is a fifth of PNG for photographs."""
    from PIL import Image

    out = io.BytesIO()
    Image.open(file).save(out, "WEBP", quality=80, method=4)
    return f"data:image/webp;base64,{base64.b64encode(out.getvalue()).decode()}"


def render(**values: Any) -> str:
    """The page."""
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, loader=jinja2.FileSystemLoader(FOLDER)
    )
    environment.filters["inline"] = lambda text: Markup(inline(text))
    specs = {group.id: json.dumps(group.spec).replace("</", "<\\/") for group in values["groups"]}
    css, js = ((FOLDER / f"report.{kind}").read_text() for kind in ("css", "js"))
    vega = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    return environment.get_template("report.html").render(
        **values, specs=specs, css=css, js=js, vega=vega, sections=SECTIONS, columns=[*COLUMNS, "steps"]
    )
