"""The table of the page: a column for each measure that is compared, and the work of training."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from uncollapse.data.files import locate_labels
from uncollapse.experiment.cells import Cell
from uncollapse.measures import Measure, list_columns
from uncollapse.pipeline.cell_files import split_folder
from uncollapse.results.evidence import Evidence
from uncollapse.results.gather import Results
from uncollapse.results.numbers import Row, effect, mean_of, measure_of
from uncollapse.results.tuned import tuned_cells

DIRECTIONS = {1: "better", -1: "worse", 0: ""}


class Entry(NamedTuple):
    """A mean, and the difference to plain; `sign` is better, worse or changed if that is beyond chance."""

    mean: str
    difference: str = ""
    sign: str = ""


class Line(NamedTuple):
    """The entries of a method, or why there are none; what was chosen if it was tuned, else ""."""

    method: str
    missing: str | None
    entries: list[Entry]
    tuned: str


class Column(NamedTuple):
    """The head of a column."""

    measure: str
    title: str


def measures() -> dict[str, Measure]:
    """The measures that have a column."""
    return {
        name: measure for name, measure in list_columns().items() if measure.compared and not measure.derived
    }


def heads() -> list[Column]:
    """The heads of all columns."""
    return [
        *(Column(name, measure.title) for name, measure in measures().items()),
        Column("cost", "work of training"),
    ]


def lines(results: Results) -> dict[str, dict[str, list[Line]]]:
    """The lines of the table, by data set and model."""
    evidence, tuned = Evidence(results), tuned_cells(results)
    tables: dict[str, dict[str, list[Line]]] = {}
    for cell in results.cells:
        choice = str(tuned.get(cell, ""))
        line = Line(cell.method, results.missing.get(cell), entries(evidence, cell), choice)
        tables.setdefault(cell.dataset, {}).setdefault(cell.model, []).append(line)
    return tables


def entries(evidence: Evidence, cell: Cell) -> list[Entry]:
    """The entries of a cell; none if it has no results."""
    if cell not in evidence.means:
        return []
    means, result = evidence.means[cell], []
    for name, measure in measures().items():
        row = evidence.against_plain(cell, name)
        mean = "" if measure.paired else mean_of(means, name, measure)
        result.append(Entry(mean, *difference(row, evidence)))
    cost = "" if pd.isna(means["cost"]) else f"{means['cost']:.2g} ×"
    return [*result, Entry(cost)]


def difference(row: Row | None, evidence: Evidence) -> tuple[str, str]:
    """The difference of a comparison, and what it is beyond chance: better, worse, changed or ""."""
    if row is None or row["at_cap"] == "both":
        return "", ""
    sign = DIRECTIONS[evidence.direction(row)]
    if row["beyond_chance"] and not measure_of(row["measure"]).better:
        sign = "changed"
    return effect(row, units=False), sign


def chance(results: Results) -> dict[str, float]:
    """Return the accuracy of a probe without information: the share of the commonest class among the test
    examples, as a mean over the splits of the seeds.

    Data sets without labels are left out.
    """
    shares: dict[str, list[float]] = {}
    for dataset in dict.fromkeys(cell.dataset for cell in results.present):
        for seed in results.grid["seeds"]:
            file = locate_labels(split_folder(dataset, seed), "test")
            if file.exists():
                counts = np.unique(np.load(file), return_counts=True)[1]
                shares.setdefault(dataset, []).append(counts.max() / counts.sum())
    return {dataset: float(np.mean(of_seeds)) for dataset, of_seeds in shares.items()}


def latents(results: Results) -> dict[str, int]:
    """The number of latent dimensions of each data set."""
    first = results.summary.groupby("dataset", sort=False)["latents"].first()
    return {str(name): int(count) for name, count in first.items()}
