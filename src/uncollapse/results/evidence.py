"""The evidence: the comparisons of a grid by name, and which differences are beyond chance."""

from collections.abc import Iterable

from uncollapse.experiment.cells import Cell
from uncollapse.results.comparison import Pair
from uncollapse.results.gather import Results
from uncollapse.results.means import CELL
from uncollapse.results.numbers import find_measure
from uncollapse.results.robust import Directions, robust_direction
from uncollapse.results.roles import COLLAPSED, CONVERGED, UNINFORMATIVE, WORK_DONE
from uncollapse.results.rows import Comparison, read_comparisons, read_means


class Evidence:
    """The comparisons and the means of a grid, by name.

    `collapse` is the measure that verdicts about collapse rest on: the share of dimensions that carry no
    information, where that was measured; else that of the (eps, delta)-collapsed ones.
    """

    def __init__(self, results: Results):
        self.comparisons = read_comparisons(results.comparison)
        self.means = read_means(results.means)
        self.datasets, self.models, self.methods = results.datasets, results.models, results.methods
        self.missing, self.over_eps = results.missing, results.over_eps
        self.vae, self.plain = results.grid["vae"], results.grid["plain"]
        self.combinations, self.seeds = results.grid["combinations"], len(results.grid["seeds"])
        self.controls = results.grid["controls"]
        self.diverged = results.diverged.groupby(CELL).size().to_dict()  # seeds, by cell
        self.settings = results.grid["evaluation"]
        self.eps, self.delta = self.settings["eps"], self.settings["delta"]
        self.collapse = UNINFORMATIVE if UNINFORMATIVE in results.means else COLLAPSED

    def comparison(self, question: str, cell: Cell, against: Cell, measure: str) -> Comparison | None:
        """Find a comparison; None if it cannot be made."""
        return self.comparisons.get((Pair(question, cell, against), measure))

    def against_plain(self, cell: Cell, measure: str) -> Comparison | None:
        """Find the comparison of a cell with the plain method of its model."""
        return self.comparison("method", cell, cell._replace(method=self.plain or ""), measure)

    def direction(self, comparison: Comparison | None) -> int:
        """Return 1 if a difference is for the better and -1 if for the worse, both beyond chance; else 0.

        A difference below the least one of its measure does not count, and one of a share of dimensions only
        if it holds at every eps.
        """
        if comparison is None or not comparison.beyond_chance:
            return 0
        measure = find_measure(comparison.measure)
        if measure.least and abs(comparison.difference) < self.settings[measure.least]:
            return 0
        if measure.below:
            return robust_direction(self.directions(comparison))
        return measure.better * (1 if comparison.difference > 0 else -1)

    def directions(self, comparison: Comparison) -> Directions:
        """Return how a share of the dimensions of a pair of cells compares at every eps."""
        return self.over_eps[comparison.measure][comparison.pair]

    def cells_of(self, *, method: str, model: str | None = None) -> list[Cell]:
        """List the cells of a method, of all data sets and models or of one model."""
        models = self.models if model is None else [model]
        return [Cell(dataset, name, method) for dataset in self.datasets for name in models]

    def converged(self, *cells: Cell) -> bool:
        """Tell whether all runs of these cells stopped by themselves."""
        return all(self.means[cell][CONVERGED] == 1 for cell in cells)

    def diverging(self, *cells: Cell) -> int:
        """Count the runs of these cells whose training diverged."""
        return sum(self.diverged.get(tuple(cell), 0) for cell in cells)

    def left_out(self, cell: Cell, which: str = "") -> str:
        """Say how many seeds of a cell diverged; "" if none did."""
        gone = self.diverging(cell)
        return f"{gone} of {self.seeds} seeds{which} diverged" if gone else ""

    def cost(self, cell: Cell, against: Cell) -> float:
        """Return the work of training a cell as a multiple of that of another."""
        return self.means[cell][WORK_DONE] / self.means[against][WORK_DONE]

    def budget(self, cells: Iterable[Cell]) -> str:
        """Say for how many epochs cells were trained, each as a mean over its seeds."""
        cells = list(cells)
        epochs = sorted({round(self.means[cell]["epochs"]) for cell in cells})
        span = f"{epochs[0]}" if len(epochs) == 1 else f"{epochs[0]} to {epochs[-1]}"
        gone = self.diverging(*cells)
        left_out = f"; {gone} more runs diverged" if gone > 1 else "; one more run diverged" if gone else ""
        return f"{'converged' if self.converged(*cells) else 'not converged'} in {span} epochs{left_out}"
