"""The numbers that the page may state: what the tables of the grid have about a cell or a data set."""

from collections.abc import Iterator
from itertools import permutations, product

import pandas as pd
from scipy import stats

from uncollapse.experiment.cells import Cell
from uncollapse.pipeline.cell_files import CellFiles
from uncollapse.pipeline.job_recipe import read_grid
from uncollapse.pipeline.paths import COMPARISON, SUMMARY
from uncollapse.results.robust import EVERY_EPS

CELL = list(Cell._fields)


def numbers_of(values: pd.Series) -> Iterator[float]:
    """A mean over seeds, its interval, half of that, the least and the largest value."""
    values = values.dropna().astype(float)
    if len(values):
        half = stats.sem(values) * stats.t.ppf(0.975, len(values) - 1) if len(values) > 1 else 0.0
        mean = values.mean()
        yield from (mean, half, mean - half, mean + half, values.min(), values.max())


def numbers_of_cell(cell: Cell, measures: list[str]) -> list[float]:
    """What the tables have about a cell and these measures: means, differences, and the work."""
    summary, comparison = pd.read_csv(SUMMARY), pd.read_csv(COMPARISON)
    runs = summary[(summary[CELL] == list(cell)).all(axis=1)]
    rows = comparison[(comparison[CELL] == list(cell)).all(axis=1) & comparison["measure"].isin(measures)]
    numbers = [number for name in measures if name in runs for number in numbers_of(runs[name])]
    for row in rows.itertuples():
        half = (row.high - row.low) / 2
        numbers += [row.mean, row.against_mean, row.difference, row.low, row.high, half]
    if "mi" in measures:
        numbers += numbers_of(runs["mi_upper"])
    return [scale * number for number, scale in product(numbers, (1, 100))]


def costs(dataset: str) -> list[float]:
    """The work of each cell of a data set as a multiple of that of another."""
    summary = pd.read_csv(SUMMARY)
    work = summary[summary["dataset"] == dataset].groupby(CELL)["gflops"].mean()
    return [1.0, *(one / other for one, other in permutations(work, 2))]


def numbers_of_dataset(dataset: str) -> list[float]:
    """What all files have about a data set; counts of seeds and of comparisons."""
    summary = pd.read_csv(SUMMARY)
    measures = [*summary.columns.drop([*CELL, "seed", "tuned"]), "elbo_at_equal_work"]
    cells = [cell for cell in read_grid()["cells"] if cell.dataset == dataset]
    numbers = [number for cell in cells for number in numbers_of_cell(cell, measures)]
    for cell in cells:
        history = pd.read_csv(CellFiles(cell).history)
        numbers += history[history["epoch"] == history["epoch"].max()]["beta"].to_list()
    settings = read_grid()["evaluation"]
    return [*numbers, *costs(dataset), *EVERY_EPS, settings["eps"], settings["delta"], *range(5)]
