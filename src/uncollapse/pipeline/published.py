"""The paths of what is made for people: the tables and figures that stand in git, and the page."""

from pathlib import Path

from uncollapse.experiment.cells import Cell
from uncollapse.pipeline.outputs import METRICS, REPORT, TSNE_MAP

CALIBRATION = METRICS / "calibration.csv"
SUMMARY, COMPARISON = METRICS / "summary.csv", METRICS / "comparison.csv"
CURVES, TRAJECTORIES, EARLY = METRICS / "curves.csv", METRICS / "trajectories.csv", METRICS / "early.csv"
CELL_MEANS, SUMMARY_MEANS = METRICS / "cells.json", METRICS / "summary.json"
COLLAPSE_FIGURE, GAINS_FIGURE = METRICS / "collapse.png", METRICS / "gains.png"
CONTRAST_FIGURE, RESULTS = METRICS / "contrast.png", METRICS / "results.md"
ANSWERS_FIGURE, EARLY_FIGURE = METRICS / "answers.png", METRICS / "early.png"
PAGE, MAPS, CLOSING = REPORT / "index.html", REPORT / "cells", REPORT / "report.txt"


def tsne_map(cell: Cell) -> Path:
    """The picture of a cell's t-SNE map, for MLflow."""
    return MAPS / f"{cell}-{TSNE_MAP}"
