"""Charts as files: the pictures in metrics/, and a t-SNE map of every cell for MLflow."""

import io
from pathlib import Path
from typing import Any

import altair as alt
import pandas as pd

from uncollapse.experiment.cells import Cell
from uncollapse.pipeline.cell_files import CellFiles
from uncollapse.pipeline.paths import ANSWERS_FIGURE, COLLAPSE_FIGURE, EARLY_FIGURE, GAINS_FIGURE
from uncollapse.report.charts import collapse, early, gains, tsne
from uncollapse.report.charts._canvas import Canvas
from uncollapse.report.matrix import draw_matrix
from uncollapse.results.evidence import Evidence
from uncollapse.results.gather import Results
from uncollapse.results.means import CELL


def write_figures(results: Results) -> None:
    """Draw the charts and write them to files."""
    save_picture(draw_matrix(Evidence(results)), ANSWERS_FIGURE)
    curves, differences = collapse.table(results), gains.table(results)
    drawing = collapse.draw(Canvas(curves, results.methods, results.models, legend=True))
    save_picture(draw_facets(drawing, curves), COLLAPSE_FIGURE)
    looks = early.table(results)
    if len(looks):
        drawing = early.draw(Canvas(looks, results.methods, results.models, legend=True))
        save_picture(
            draw_facets(drawing, looks).resolve_scale(x="independent", y="independent"), EARLY_FIGURE
        )
    else:
        save_picture(draw_sentence("no cell has a reference"), EARLY_FIGURE)
    if len(differences):
        drawing = gains.draw(Canvas(differences, results.methods, results.models))
        drawing = draw_facets(drawing, differences, height=24 * len(results.methods))
        save_picture(drawing.resolve_scale(x="independent"), GAINS_FIGURE)
    else:
        save_picture(draw_sentence("no method is compared with the plain one"), GAINS_FIGURE)
    for names, points in tsne.table(results).groupby(CELL, sort=False):
        drawing = tsne.draw(Canvas(points[:500], results.methods, results.models))
        file = CellFiles(Cell(*map(str, names))).map_picture
        file.parent.mkdir(parents=True, exist_ok=True)
        drawing.properties(width=240, height=240).save(file, ppi=144)


def draw_facets(chart: Any, table: pd.DataFrame, width: int = 250, height: int = 170) -> alt.FacetChart:
    """Draw a panel for every data set (columns) and model (rows), in the order of the table."""
    datasets, models = list(table["dataset"].unique()), list(table["model"].unique())
    return chart.properties(width=width, height=height).facet(
        column=alt.Column("dataset:N", sort=datasets, title=None),
        row=alt.Row("model:N", sort=models, title=None),
    )


def draw_sentence(text: str) -> alt.Chart:
    """Draw nothing but a sentence."""
    return alt.Chart(alt.Data(values=[{}])).mark_text(fontSize=14).encode(text=alt.value(text))


def save_picture(chart: Any, file: Path) -> None:
    """Save a PNG of 128 colours, which has a fifth of the size and looks the same."""
    from PIL import Image

    with io.BytesIO() as full:
        chart.save(full, format="png", ppi=144)
        Image.open(full).convert("RGB").quantize(128).save(file, optimize=True)
