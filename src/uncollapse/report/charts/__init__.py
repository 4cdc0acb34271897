"""The charts of the page, a file each.

A file of this folder is a chart. Its `CHART` says what stands above it, which rows it draws and how. There is
nothing to register: to add a chart, copy the file that is most like it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal

import pandas as pd

from uncollapse.registry import list_names
from uncollapse.report.charts._canvas import Canvas
from uncollapse.results.gather import Results

# The order on the page; a chart that is not named here comes last.
CHART_ORDER = (
    "gains",
    "collapse",
    "rate_distortion",
    "kl",
    "beta",
    "alive",
    "information",
    "cost",
    "progress",
    "early",
    "spectra",
    "tsne",
)


@dataclass(frozen=True)
class Chart:
    """A chart: its text, its rows and how they are drawn.

    title    its heading
    text     what it shows, in a sentence or two of Markdown
    alt      the same in a few words, for readers who cannot see it
    table    the rows that it draws: `dataset`, `model`, `method` and the columns that it uses, no others;
             without rows there is no chart
    draw     the Altair chart
    panels   how the rows are cut. "model": a panel for each model, side by side; "grid": one panel with
             all models; "cell": a small panel for each cell
    height   in pixels, and how much each method of the grid adds to it
    section  the section of the page
    legend   for each data set what its colours mean, if that is not the method
    """

    title: str
    text: str
    alt: str
    table: Callable[[Results], pd.DataFrame]
    draw: Callable[[Canvas], Any]
    panels: Literal["model", "grid", "cell"] = "model"
    height: int = 240
    height_per_method: int = 0
    section: Literal["answers", "pictures"] = "pictures"
    legend: Callable[[pd.DataFrame], Mapping[str, Mapping[str, str]]] | None = None


def list_charts() -> dict[str, Chart]:
    """List all charts, in the order of the page."""
    files = list_names("report/charts")
    files.sort(key=lambda name: (CHART_ORDER.index(name) if name in CHART_ORDER else len(CHART_ORDER), name))
    return {name: import_module(f"uncollapse.report.charts.{name}").CHART for name in files}
