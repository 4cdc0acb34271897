"""Which cells the picture of collapse shows."""

from typing import Any

import pytest

from uncollapse.experiment.cells import Cell
from uncollapse.report.contrast import choose_cells
from uncollapse.results.rows import CellMeans
from uncollapse.results.statistics import Interval

ROWS = [
    ("digits", "vae", "plain", 0.9, 120.0),
    ("verses", "vae", "plain", 1.0, 48.0),
    ("verses", "vae", "skip", 0.0, 47.0),
    ("verses", "control_vae", "plain", 1.0, 49.0),
    ("verses", "control_vae", "skip", 0.0, 46.0),
    ("digits", "vae", "skip", 0.0, 100.0),
]


@pytest.mark.parametrize(
    ("rows", "cells"),
    [
        (ROWS, (Cell("verses", "vae", "plain"), Cell("verses", "control_vae", "skip"))),
        (ROWS[:1], (Cell("digits", "vae", "plain"), Cell("digits", "vae", "plain"))),
    ],
)
def test_the_most_collapsed_cell_and_the_least_of_its_data_set(
    rows: list[tuple[Any, ...]], cells: tuple[Cell, Cell]
) -> None:
    means = {
        Cell(*names): CellMeans(1, {"collapsed": point(collapsed), "nll": point(nll)})
        for *names, collapsed, nll in rows
    }
    assert choose_cells(means) == cells


def point(value: float) -> Interval:
    return Interval(value, value, value)
