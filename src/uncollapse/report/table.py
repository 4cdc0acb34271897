"""The table of the page: a column for each measure that is compared, and the work of training."""

import math
from typing import NamedTuple

import numpy as np

from uncollapse.data.files import locate_labels
from uncollapse.experiment.cells import Cell
from uncollapse.measures import Measure, list_columns
from uncollapse.pipeline.cell_files import split_folder
from uncollapse.results.evidence import Evidence
from uncollapse.results.gather import Results
from uncollapse.results.numbers import find_measure, show_difference, show_mean
from uncollapse.results.rows import Comparison
from uncollapse.results.tuned import read_tuned

SIGNS = {1: "better", -1: "worse", 0: ""}


class TableEntry(NamedTuple):
    """A mean and the difference to plain; `sign` is better, worse or changed if that is beyond chance."""

    mean: str
    difference: str = ""
    sign: str = ""


class TableLine(NamedTuple):
    """The entries of a method, or why there are none; `tuned` is what was chosen, "" if nothing was."""

    method: str
    missing: str | None
    entries: list[TableEntry]
    tuned: str


class Column(NamedTuple):
    """The head of a column."""

    measure: str
    title: str


def list_shown() -> dict[str, Measure]:
    """List the measures that have a column."""
    return {
        name: measure for name, measure in list_columns().items() if measure.compared and not measure.derived
    }


def list_heads() -> list[Column]:
    """List the heads of all columns."""
    return [
        *(Column(name, measure.title) for name, measure in list_shown().items()),
        Column("cost", "work of training"),
    ]


def make_lines(results: Results) -> dict[str, dict[str, list[TableLine]]]:
    """Make the lines of the table, by data set and model."""
    evidence, tuned = Evidence(results), read_tuned(results)
    tables: dict[str, dict[str, list[TableLine]]] = {}
    for cell in results.cells:
        choice = str(tuned.get(cell, ""))
        line = TableLine(cell.method, results.missing.get(cell), make_entries(evidence, cell), choice)
        tables.setdefault(cell.dataset, {}).setdefault(cell.model, []).append(line)
    return tables


def make_entries(evidence: Evidence, cell: Cell) -> list[TableEntry]:
    """Make the entries of a cell; none if it has no results."""
    if cell not in evidence.means:
        return []
    means, result = evidence.means[cell], []
    for name, measure in list_shown().items():
        row = evidence.against_plain(cell, name)
        mean = "" if measure.paired else show_mean(means, name)
        result.append(TableEntry(mean, *describe_difference(row, evidence)))
    cost = "" if math.isnan(means.cost) else f"{means.cost:.2g} ×"
    return [*result, TableEntry(cost)]


def describe_difference(row: Comparison | None, evidence: Evidence) -> tuple[str, str]:
    """Describe the difference of a comparison, and whether it is better, worse or changed beyond chance."""
    if row is None or row.at_cap == "both":
        return "", ""
    sign = SIGNS[evidence.direction(row)]
    if row.beyond_chance and not find_measure(row.measure).better:
        sign = "changed"
    return show_difference(row, units=False), sign


def find_chance(results: Results) -> dict[str, float]:
    """Find the accuracy of a probe without information, for each data set with labels.

    It is the share of the commonest class among the test examples, as a mean over the splits of the seeds.
    """
    shares: dict[str, list[float]] = {}
    for dataset in dict.fromkeys(cell.dataset for cell in results.present):
        for seed in results.grid["seeds"]:
            file = locate_labels(split_folder(dataset, seed), "test")
            if file.exists():
                counts = np.unique(np.load(file), return_counts=True)[1]
                shares.setdefault(dataset, []).append(counts.max() / counts.sum())
    return {dataset: float(np.mean(of_seeds)) for dataset, of_seeds in shares.items()}


def count_latents(results: Results) -> dict[str, int]:
    """Count the latent dimensions of each data set."""
    first = results.summary.groupby("dataset", sort=False)["latents"].first()
    return {str(name): int(count) for name, count in first.items()}
