"""The results of a grid: its measured cells, their means over seeds, and how they compare."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from safetensors.numpy import load_file

from uncollapse.errors import UserError
from uncollapse.experiment.cells import Cell
from uncollapse.measures import list_columns
from uncollapse.pipeline.cell_files import CellFiles, split_folder
from uncollapse.pipeline.job import Job
from uncollapse.pipeline.job_recipe import read_grid, read_recipe
from uncollapse.pipeline.paths import EXAMPLES, name_for_seed
from uncollapse.pipeline.watching.freshness import find_cell_condition
from uncollapse.results.comparison import ExampleTables, Pair, compare_cells, list_pairs
from uncollapse.results.means import CELL, make_means
from uncollapse.results.robust import Directions, compare_over_eps
from uncollapse.results.roles import LIKELIHOOD
from uncollapse.tables import from_text

REASONS = {
    "ready": None,
    "stale": "params.yaml, the code or the data have changed since it was run; `dvc repro` runs it again",
    "never run": "not run yet; `dvc repro` runs it",
    "not here": "run, but its files are not here; `dvc pull` fetches them",
}


@dataclass(frozen=True, eq=False)
class Results:
    """The results of a grid. Every table has the columns `dataset`, `model` and `method`.

    grid        recipes/grid.json: cells, seeds, settings of the evaluation; which model is the VAE, which
                method is plain, which methods combine others, which have a control
    missing     the cells that have no results, and why
    summary     a row for each run (cell and seed) that was measured: its measures
    diverged    a row for each run of these cells whose training diverged: `seed` and `epoch`
    history     a row for each run that was measured and epoch of training
    thresholds  a row for each run and latent dimension: `eps`, above which it counts as collapsed, its
                mean `kl`, and its `information`
    maps        a row for each cell and test example: `x` and `y` in a t-SNE map of the first seed, `label`
    means       a row for each cell, see `uncollapse.results.means`
    comparison  a row for each pair of cells and measure, see `uncollapse.results.comparison`. Nothing is
                beyond chance where a run of either cell diverged: what is left is a selection of seeds
    """

    grid: Mapping[str, Any]
    missing: Mapping[Cell, str]
    summary: pd.DataFrame
    diverged: pd.DataFrame
    history: pd.DataFrame
    thresholds: pd.DataFrame
    maps: pd.DataFrame
    means: pd.DataFrame
    comparison: pd.DataFrame

    @cached_property
    def cells(self) -> list[Cell]:
        """All cells of the grid."""
        return self.grid["cells"]

    @cached_property
    def present(self) -> list[Cell]:
        """The cells that have results."""
        return [cell for cell in self.cells if cell not in self.missing]

    @cached_property
    def datasets(self) -> list[str]:
        """The data sets of the grid, in its order."""
        return list(dict.fromkeys(cell.dataset for cell in self.cells))

    @cached_property
    def models(self) -> list[str]:
        """The models of the grid, in its order."""
        return list(dict.fromkeys(cell.model for cell in self.cells))

    @cached_property
    def methods(self) -> list[str]:
        """The methods of the grid, in its order."""
        return list(dict.fromkeys(cell.method for cell in self.cells))

    @cached_property
    def unconverged(self) -> list[Cell]:
        """The cells with a run that did not stop by itself; claims about them hold for their budget only."""
        share = self.summary.groupby(CELL)["converged"].min()
        return [cell for cell in self.present if not share[tuple(cell)]]

    @cached_property
    def over_eps(self) -> dict[str, dict[Pair, Directions]]:
        """The directions of each share of dimensions, of each pair of cells, at every eps."""
        pairs, eps = list_compared(self.present, self.grid), self.grid["evaluation"]["eps"]
        return {
            name: compare_over_eps(self.thresholds, pairs, eps, measure.below)
            for name, measure in list_columns().items()
            if measure.below and measure.below in self.thresholds
        }

    @property
    def gains(self) -> pd.DataFrame:
        """The comparisons of the nll of each method with that of the plain method, for the same model."""
        table = self.comparison
        return table[(table["question"] == "method") & (table["measure"] == LIKELIHOOD)]


def gather_results() -> Results:
    """Read the results that lie in the folders of the pipeline.

    Raises UserError if no cell has any.
    """
    grid = read_grid()
    missing = {cell: reason for cell in grid["cells"] if (reason := explain_missing(cell))}
    present = [cell for cell in grid["cells"] if cell not in missing]
    if not present:
        raise UserError(f"report: no cell of the grid has been measured; {next(iter(missing.values()))}")
    summary = read_tables({cell: CellFiles(cell).measures for cell in present})
    history = read_tables({cell: CellFiles(cell).history for cell in present}).merge(summary[[*CELL, "seed"]])
    gone = [(*cell, *end) for cell in present for end in CellFiles(cell).read_diverged().items()]
    diverged = pd.DataFrame(gone, columns=[*CELL, "seed", "epoch"])
    examples = read_shared_examples(present, grid["seeds"])
    text = {"converters": {"label": from_text}, "keep_default_na": False}
    return Results(
        grid=grid,
        missing=missing,
        summary=summary,
        diverged=diverged,
        history=history,
        thresholds=read_tables({cell: CellFiles(cell).collapse for cell in present}),
        maps=read_tables({cell: CellFiles(cell).points for cell in present}, **text),
        means=make_means(summary, history, examples, grid["plain"]),
        comparison=leave_out_selections(
            compare_cells(summary, list_compared(present, grid), history, examples), diverged
        ),
    )


def leave_out_selections(comparison: pd.DataFrame, diverged: pd.DataFrame) -> pd.DataFrame:
    """Let no comparison be beyond chance where a run of one of its cells diverged."""
    gone = find_partial_cells(diverged)
    others = ["dataset", "against_model", "against_method"]
    partial = np.zeros(len(comparison), bool)
    for names in (CELL, others):
        cells = comparison[names].itertuples(index=False, name=None)
        partial |= np.fromiter((cell in gone for cell in cells), bool, len(comparison))
    return comparison.assign(beyond_chance=comparison["beyond_chance"].mask(partial, False))


def find_partial_cells(diverged: pd.DataFrame) -> set[tuple[str, ...]]:
    """List the cells of which some runs diverged."""
    return set(diverged[CELL].itertuples(index=False, name=None))


def read_shared_examples(cells: Sequence[Cell], seeds: Sequence[int]) -> ExampleTables:
    """Read the measures of test examples, for the cells whose seeds all have the same examples."""
    shared = [
        cell for cell in cells if len(seeds) > len({split_folder(cell.dataset, seed) for seed in seeds}) == 1
    ]
    return {
        cell: {
            seed: pd.DataFrame(load_file(job.folder / name_for_seed(EXAMPLES, seed)))
            for seed in read_recipe(job).seeds
        }
        for cell, job in {cell: Job.of("evaluate", cell) for cell in shared}.items()
    }


def list_compared(cells: Sequence[Cell], grid: Mapping[str, Any]) -> list[Pair]:
    """List the pairs of cells that are compared in a grid."""
    return list_pairs(cells, **{role: grid[role] for role in ("vae", "plain", "combinations", "controls")})


def explain_missing(cell: Cell) -> str | None:
    """Say why a cell has no results; None if it has some."""
    condition = find_cell_condition(cell)
    return REASONS.get(condition.state, condition.line)


def read_tables(files: Mapping[Cell, Path], **options: Any) -> pd.DataFrame:
    """Read the tables of cells, one below the other; `options` are those of pandas."""
    tables = [pd.read_csv(file, **options).assign(**cell._asdict()) for cell, file in files.items()]
    table = pd.concat(tables, ignore_index=True)
    return table[CELL + [column for column in table if column not in CELL]]
