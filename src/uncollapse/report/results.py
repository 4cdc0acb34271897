"""What the report draws on: the measured cells of the grid, their means over seeds, and how they compare."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from uncollapse.errors import UserError
from uncollapse.experiment.cells import Cell
from uncollapse.measures import Measure, columns
from uncollapse.pipeline import outputs
from uncollapse.pipeline.condition import cell_condition
from uncollapse.report.robust import SHARES, Directions, Key, over_eps
from uncollapse.statistics import Pair, compare, interval, pairs

CELL = list(Cell._fields)
REASONS = {
    "ready": None,
    "stale": "params.yaml, the code or the data have changed since it was run; `dvc repro` runs it again",
    "never run": "not run yet; `dvc repro` runs it",
    "not here": "run, but its files are not here; `dvc pull` fetches them",
}


@dataclass(frozen=True)
class Results:
    """The results of a grid. Every table has the columns `dataset`, `model` and `method`.

    grid        recipes/grid.json: cells, seeds, settings of the evaluation; which model is the VAE, which
                method is plain, which methods combine others, which have a control
    missing     the cells that have no results, and why
    summary     a row for each run (cell and seed): its measures
    history     a row for each run and epoch of training
    thresholds  a row for each run and latent dimension: `eps`, above which it counts as collapsed, its
                mean `kl`, and its `information`
    maps        a row for each cell and test example: `x` and `y` in a t-SNE map of the first seed, `label`
    means       a row for each cell: what `means` gives, `beta` at the end of training, `cost`, and `front`
    comparison  a row for each pair of cells and measure, see `uncollapse.statistics.compare`
    """

    grid: Mapping[str, Any]
    missing: Mapping[Cell, str]
    summary: pd.DataFrame
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
        """The cells with a run that did not stop by itself: what is said of them is of their budget."""
        share = self.summary.groupby(CELL)["converged"].min()
        return [cell for cell in self.present if not share[tuple(cell)]]

    @cached_property
    def over_eps(self) -> dict[str, dict[Key, Directions]]:
        """How the collapse of each pair of cells compares at every eps."""
        pairs, eps = compared(self.present, self.grid), self.grid["evaluation"]["eps"]
        return {
            measure: over_eps(self.thresholds, pairs, eps, column)
            for measure, column in SHARES.items()
            if column in self.thresholds
        }

    @property
    def gains(self) -> pd.DataFrame:
        """The comparisons of the nll of each method with that of the plain method, for the same model."""
        table = self.comparison
        return table[(table["question"] == "method") & (table["measure"] == "nll")]


def gather() -> Results:
    """The results that lie in the folders of the pipeline. Raises UserError if no cell has any."""
    grid = outputs.grid()
    missing = {cell: reason for cell in grid["cells"] if (reason := reason_missing(cell))}
    present = [cell for cell in grid["cells"] if cell not in missing]
    if not present:
        raise UserError(f"report: no cell of the grid has been measured; {next(iter(missing.values()))}")
    summary = read({cell: outputs.measures(cell) for cell in present})
    history = read({cell: outputs.history(cell) for cell in present})
    text = {"dtype": {"label": str}, "keep_default_na": False}
    return Results(
        grid=grid,
        missing=missing,
        summary=summary,
        history=history,
        thresholds=read({cell: outputs.evaluation(cell).folder / outputs.COLLAPSE for cell in present}),
        maps=read({cell: outputs.evaluation(cell).folder / outputs.TSNE for cell in present}, **text),
        means=all_means(summary, history, grid["plain"]),
        comparison=compare(summary, compared(present, grid), history),
    )


def compared(cells: Sequence[Cell], grid: Mapping[str, Any]) -> list[Pair]:
    """What is compared in a grid."""
    return pairs(cells, **{role: grid[role] for role in ("vae", "plain", "combinations", "controls")})


def reason_missing(cell: Cell) -> str | None:
    """Why a cell has no results; None if it has."""
    condition = cell_condition(cell)
    return REASONS.get(condition.state, condition.line)


def read(files: Mapping[Cell, Path], **options: Any) -> pd.DataFrame:
    """The tables of cells, one below the other; `options` are those of pandas."""
    tables = [pd.read_csv(file, **options).assign(**cell._asdict()) for cell, file in files.items()]
    table = pd.concat(tables, ignore_index=True)
    return table[CELL + [column for column in table if column not in CELL]]


def measured() -> dict[str, Measure]:
    """The measures of which there are means: first those that are compared, then the others."""
    measures = {name: one for name, one in columns().items() if not one.derived and not one.paired}
    return dict(sorted(measures.items(), key=lambda item: not item[1].compared))


def all_means(summary: pd.DataFrame, history: pd.DataFrame, plain: str | None) -> pd.DataFrame:
    """A row for each cell: what `means` gives, and the columns `beta`, `front` and `cost`."""
    table = means(summary)
    last = history[history["epoch"] == history.groupby(CELL)["epoch"].transform("max")]
    table = table.merge(last.groupby(CELL)["beta"].mean().reset_index())
    return table.assign(front=front(table), cost=costs(summary, plain))


def means(summary: pd.DataFrame) -> pd.DataFrame:
    """A row for each cell: of every measure its mean over seeds and its interval, from `_low` to `_high`.

    Also the number of `seeds`; whether an estimate is at its cap in any of them; the smallest and the
    largest share of collapsed dimensions, and `collapsed_seeds`, the number of seeds in which there are any.
    """
    rows, measures = [], measured()
    for names, runs in summary.groupby(CELL, sort=False):
        collapsed = runs["collapsed"]
        row = {**dict(zip(CELL, names, strict=True)), "seeds": len(runs)}
        row |= {"collapsed_min": collapsed.min(), "collapsed_max": collapsed.max()}
        row["collapsed_seeds"] = int((collapsed > 0).sum())
        for name, measure in measures.items():
            bounds = {"low": 0.0, "high": 1.0} if measure.unit == "share" else {}
            mean = interval(runs[name], **bounds)
            row |= {name: mean.mean, f"{name}_low": mean.low, f"{name}_high": mean.high}
            if measure.cap:
                row[measure.cap] = bool(runs[measure.cap].any())
        rows.append(row)
    return pd.DataFrame(rows)


def front(means: pd.DataFrame) -> pd.Series:
    """Whether a cell is on the Pareto front of nll and mi: no cell of its data set is as good in both and
    better in one. Estimates of mi at their cap count as equal.
    """
    mi = means["mi"].where(~means["mi_at_cap"], means["mi_cap"])
    best = []
    for i, dataset in zip(means.index, means["dataset"], strict=True):
        others = means["dataset"] == dataset
        as_good = (means["nll"] <= means["nll"][i]) & (mi >= mi[i])
        better = (means["nll"] < means["nll"][i]) | (mi > mi[i])
        best.append(not (others & as_good & better).any())
    return pd.Series(best, index=means.index)


def costs(summary: pd.DataFrame, plain: str | None) -> pd.Series:
    """The work of training (GFLOP), as a multiple of that of `plain` with the same model.

    In the order of the cells; nan where there is no plain method.
    """
    table = summary.groupby(CELL, sort=False)["gflops"].mean().reset_index()
    base = table[table["method"] == plain][["dataset", "model", "gflops"]]
    both = table.merge(base, on=["dataset", "model"], how="left", suffixes=("", "_of_plain"))
    return both["gflops"] / both["gflops_of_plain"]
