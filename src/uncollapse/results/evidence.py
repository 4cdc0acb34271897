"""What the comparisons show, and which differences are beyond chance."""

from collections.abc import Iterable

from uncollapse.experiment.cells import Cell
from uncollapse.results.gather import Results
from uncollapse.results.means import CELL
from uncollapse.results.numbers import Row, measure_of
from uncollapse.results.robust import KEY, SHARES, Directions, robust


class Evidence:
    """The comparisons and the means of a grid, by name.

    `collapse` is the measure that verdicts about collapse rest on: the share of dimensions that carry no
    information, where that was measured; else that of the (eps, delta)-collapsed ones.
    """

    def __init__(self, results: Results):
        self.comparisons = {
            tuple(row[name] for name in [*KEY, "measure"]): row
            for row in results.comparison.to_dict("records")
        }
        self.means: dict[tuple[str, str, str], Row] = {
            (row["dataset"], row["model"], row["method"]): row for row in results.means.to_dict("records")
        }
        self.datasets, self.models, self.methods = results.datasets, results.models, results.methods
        self.missing, self.over_eps = results.missing, results.over_eps
        self.vae, self.plain = results.grid["vae"], results.grid["plain"]
        self.combinations, self.seeds = results.grid["combinations"], len(results.grid["seeds"])
        self.controls = results.grid["controls"]
        self.diverged = results.diverged.groupby(CELL).size().to_dict()  # seeds, by cell
        self.eps, self.delta = results.grid["evaluation"]["eps"], results.grid["evaluation"]["delta"]
        self.collapse = "uninformative" if "uninformative" in results.means else "collapsed"

    def comparison(self, question: str, cell: Cell, against: Cell, measure: str) -> Row | None:
        """A row of the comparisons; None if it cannot be made."""
        return self.comparisons.get((question, *cell, against.model, against.method, measure))

    def against_plain(self, cell: Cell, measure: str) -> Row | None:
        """The comparison of a cell with the plain method of its model."""
        return self.comparison("method", cell, cell._replace(method=self.plain or ""), measure)

    def direction(self, row: Row | None) -> int:
        """1 if a difference is for the better and -1 if for the worse, both beyond chance; else 0.

        Differences of less than `eps` nats of mutual information do not count, and those of shares of
        dimensions only if they hold at every eps.
        """
        if row is None or not row["beyond_chance"]:
            return 0
        if row["measure"] == "mi" and abs(row["difference"]) < self.eps:
            return 0
        if row["measure"] in SHARES:
            return robust(self.directions(row))
        return measure_of(row["measure"]).better * (1 if row["difference"] > 0 else -1)

    def directions(self, row: Row) -> Directions:
        """How a share of the dimensions of a pair of cells compares at every eps."""
        return self.over_eps[row["measure"]][tuple(row[name] for name in KEY)]

    def converged(self, *cells: Cell) -> bool:
        """Whether all runs of these cells stopped by themselves."""
        return all(self.means[cell]["converged"] == 1 for cell in cells)

    def diverging(self, *cells: Cell) -> int:
        """The number of runs of these cells whose training diverged."""
        return sum(self.diverged.get(tuple(cell), 0) for cell in cells)

    def left_out(self, cell: Cell, which: str = "") -> str:
        """How many seeds of a cell diverged, in words; nothing if none did."""
        gone = self.diverging(cell)
        return f"{gone} of {self.seeds} seeds{which} diverged" if gone else ""

    def cost(self, cell: Cell, against: Cell) -> float:
        """The work of training a cell, as a multiple of that of another."""
        return float(self.means[cell]["gflops"] / self.means[against]["gflops"])

    def budget(self, cells: Iterable[Cell]) -> str:
        """How long cells were trained, in words; a cell for the mean of its seeds."""
        cells = list(cells)
        epochs = sorted({round(self.means[cell]["epochs"]) for cell in cells})
        span = f"{epochs[0]}" if len(epochs) == 1 else f"{epochs[0]} to {epochs[-1]}"
        gone = self.diverging(*cells)
        left_out = f"; {gone} more runs diverged" if gone > 1 else "; one more run diverged" if gone else ""
        return f"{'converged' if self.converged(*cells) else 'not converged'} in {span} epochs{left_out}"
