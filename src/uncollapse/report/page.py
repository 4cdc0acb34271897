"""The page of the report: one file that opens from disk, with all that it draws inside."""

import base64
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import pandas as pd
import vl_convert
from markupsafe import Markup

from uncollapse.report.evidence import difference, plus_minus
from uncollapse.report.explain import inline

FOLDER = Path(__file__).parent / "template"
SECTIONS = [
    ("answers", "Answers"),
    ("table", "Numbers"),
    ("pictures", "Pictures"),
    ("methods", "Methods"),
    ("trust", "Trust"),
]
COLUMNS = {  # of the table, by measure
    "nll": "nll", "elbo": "elbo", "kl": "kl", "mi": "mi", "active_units": "active units", "collapsed": "collapsed", "probe_accuracy": "probe",
}  # fmt: skip


def table_of(
    cells: pd.DataFrame,
    comparison: pd.DataFrame,
    missing: Mapping[Any, str],
    order: Sequence[Any],
    eps: float,
) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """The rows of the table of every data set, by model: each number, and below it the difference to plain."""
    known = {(row["dataset"], row["model"], row["method"]): row for row in cells.to_dict("records")}
    to_plain = comparison[comparison["question"] == "method"]
    found = {
        (row["dataset"], row["model"], row["method"], row["measure"]): row
        for row in to_plain.to_dict("records")
    }
    tables: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for cell in order:
        row: dict[str, Any] = {"method": cell.method, "missing": missing.get(cell)}
        if cell not in missing:
            cost = known[cell]["cost"]
            texts = [
                (plus_minus(known[cell], measure), *difference(found.get((*cell, measure)), eps))
                for measure in COLUMNS
            ]
            texts.append(("" if pd.isna(cost) else f"{cost:.2g}", "", ""))
            row["values"] = [dict(zip(("text", "difference", "sign"), text, strict=True)) for text in texts]
        tables.setdefault(cell.dataset, {}).setdefault(cell.model, []).append(row)
    return tables


def commonest(datasets: Sequence[str]) -> dict[str, float]:
    """The share of the most frequent class among the test examples of those data sets that have labels: what a probe without information reaches."""
    files = {name: Path("data", name, "test.labels.npy") for name in datasets}
    labels = {name: np.load(file) for name, file in files.items() if file.exists()}
    return {
        name: float(np.unique(mine, return_counts=True)[1].max() / len(mine)) for name, mine in labels.items()
    }


def picture(file: Path) -> str:
    """A picture as a data address; WebP is a fifth of PNG for photographs."""
    from PIL import Image

    out = io.BytesIO()
    Image.open(file).save(out, "WEBP", quality=80, method=4)
    return f"data:image/webp;base64,{base64.b64encode(out.getvalue()).decode()}"


def made(cell: Any) -> dict[str, Any]:
    """What the models of a cell make: pictures, or sentences along lines."""
    folder = Path("metrics/cells") / str(cell)
    files = {what: folder / f"{what}.png" for what in ("reconstructions", "samples")}
    lines = []
    if (folder / "lines.csv").exists():
        table = pd.read_csv(folder / "lines.csv", keep_default_na=False)
        for (start, end), line in table.groupby(["start", "end"], sort=False):
            lines.append({"start": start, "end": end, "sentences": list(line["sentence"])})
    return {
        **cell._asdict(),
        "pictures": {what: picture(file) for what, file in files.items() if file.exists()},
        "lines": lines,
    }


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
        **values,
        specs=specs,
        css=css,
        js=js,
        vega=vega,
        sections=SECTIONS,
        columns=[*COLUMNS.values(), "steps"],
    )
