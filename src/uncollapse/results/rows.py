"""The rows of the tables of comparisons and of means, as objects with fields."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from uncollapse.experiment.cells import Cell
from uncollapse.measures import list_columns
from uncollapse.results.comparison import Pair
from uncollapse.results.means import list_averaged
from uncollapse.results.statistics import Interval


@dataclass(frozen=True)
class Comparison:
    """How one measure of a cell differs from that of its reference: a row of metrics/comparison.csv.

    The fields after `measure` are the columns of `uncollapse.results.comparison.compare`.
    """

    pair: Pair
    measure: str
    seeds: int
    mean: float
    against_mean: float
    difference: float
    low: float
    high: float
    at_cap: str
    p_holm: float
    beyond_chance: bool


@dataclass(frozen=True)
class CellMeans:
    """The means of a cell over its seeds: a row of the table of `uncollapse.results.means`.

    intervals  by measure, the mean and its interval
    capped     the measures that are at their cap in any seed
    beta       the KL weight at the end of training
    cost       the work of training, as a multiple of that of the plain method; nan without one
    """

    seeds: int
    intervals: Mapping[str, Interval]
    capped: frozenset[str] = frozenset()
    collapsed_min: float = 0.0
    collapsed_max: float = 0.0
    collapsed_seeds: int = 0
    beta: float = float("nan")
    cost: float = float("nan")

    def __getitem__(self, measure: str) -> float:
        return self.intervals[measure].mean


def read_cell(row: Mapping[Any, Any]) -> Cell:
    """Return the cell that a row is about."""
    return Cell(row["dataset"], row["model"], row["method"])


def read_pair(row: Mapping[Any, Any]) -> Pair:
    """Return the pair of cells that a row of comparisons is about."""
    cell = read_cell(row)
    return Pair(row["question"], cell, Cell(cell.dataset, row["against_model"], row["against_method"]))


def read_comparisons(table: pd.DataFrame) -> dict[tuple[Pair, str], Comparison]:
    """Return the comparisons of a table by pair of cells and measure."""
    names = [name for name in Comparison.__dataclass_fields__ if name != "pair"]
    comparisons = {}
    for row in table.to_dict("records"):
        comparison = Comparison(read_pair(row), **{name: row[name] for name in names})
        comparisons[comparison.pair, comparison.measure] = comparison
    return comparisons


def read_means(table: pd.DataFrame) -> dict[Cell, CellMeans]:
    """Return the means of a table by cell."""
    capped = {name: measure.cap for name, measure in list_columns().items() if measure.cap}
    means = {}
    for row in table.to_dict("records"):
        intervals = {
            name: Interval(row[name], row[f"{name}_low"], row[f"{name}_high"])
            for name in list_averaged()
            if name in row
        }
        means[read_cell(row)] = CellMeans(
            row["seeds"],
            intervals,
            frozenset(name for name, cap in capped.items() if row[cap]),
            row["collapsed_min"],
            row["collapsed_max"],
            row["collapsed_seeds"],
            row["beta"],
            row["cost"],
        )
    return means
