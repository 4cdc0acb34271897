"""Which cells the picture of collapse shows."""

from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from uncollapse.experiment.cells import Cell
from uncollapse.report.contrast import most_and_least_collapsed

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
    means = pd.DataFrame(rows, columns=["dataset", "model", "method", "collapsed", "nll"])
    assert most_and_least_collapsed(SimpleNamespace(means=means)) == cells
