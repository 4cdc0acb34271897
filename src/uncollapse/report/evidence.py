"""What the comparisons show, and which differences are beyond chance."""

from uncollapse.report.numbers import Row, measure_of
from uncollapse.report.results import Results


class Evidence:
    """The comparisons and the means of a grid, by name."""

    def __init__(self, results: Results):
        names = ["question", "dataset", "model", "method", "against_method", "measure"]
        self.comparisons = {
            tuple(row[name] for name in names): row for row in results.comparison.to_dict("records")
        }
        self.means: dict[tuple[str, str, str], Row] = {
            (row["dataset"], row["model"], row["method"]): row for row in results.means.to_dict("records")
        }
        self.datasets, self.models, self.methods = results.datasets, results.models, results.methods
        self.vae, self.plain = results.grid["vae"], results.grid["plain"]
        self.combinations, self.seeds = results.grid["combinations"], len(results.grid["seeds"])
        self.eps, self.delta = results.grid["evaluation"]["eps"], results.grid["evaluation"]["delta"]

    def comparison(
        self, question: str, dataset: str, model: str, method: str, against: str | None, measure: str
    ) -> Row | None:
        """A row of the comparisons; None if it cannot be made."""
        return self.comparisons.get((question, dataset, model, method, against, measure))

    def direction(self, row: Row | None) -> int:
        """1 if a difference is for the better and -1 if for the worse, both beyond chance; else 0.

        Differences of less than `eps` nats of mutual information do not count.
        """
        if row is None or not row["beyond_chance"]:
            return 0
        if row["measure"] == "mi" and abs(row["difference"]) < self.eps:
            return 0
        return measure_of(row["measure"]).better * (1 if row["difference"] > 0 else -1)
