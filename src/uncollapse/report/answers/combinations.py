"""Do combinations of methods add anything to their parts?"""

from collections.abc import Sequence

from uncollapse.experiment.cells import Cell
from uncollapse.report.answers.answer import NOT_SHOWN, Answer, Point, not_shown, scope, summary
from uncollapse.results.evidence import Evidence
from uncollapse.results.numbers import Row, effect, listed, times
from uncollapse.results.verdict import Verdict

QUESTION = "Do combinations add anything to their parts?"
NO_PARTS = "It does not have all of its parts."


def combinations(evidence: Evidence) -> Answer:
    """The answer, with a point for each combination, data set and model."""
    if not evidence.combinations:
        return Answer(QUESTION, f"{NOT_SHOWN}: no method in it combines others.", [])
    points, claims = [], []
    for name, parts in evidence.combinations.items():
        better: dict[Cell, bool] = {}
        costs: list[float] = []
        for dataset in evidence.datasets:
            for model in evidence.models:
                cell = Cell(dataset, model, name)
                against = [cell._replace(method=part) for part in parts]
                found = [evidence.comparison("combination", cell, part, "nll") for part in against]
                rows = [row for row in found if row]
                title = f"`{name}` on `{model}`, {dataset}"
                if not rows or len(rows) < len(parts):
                    points.append(not_shown(dataset, title, name, NO_PARTS))
                    continue
                directions = [evidence.direction(row) for row in rows]
                better[cell] = min(directions) > 0
                work = [evidence.cost(cell, part) for part in against]
                costs += work
                words = Verdict.NO_INTERVAL if evidence.seeds < 2 else compare_with_parts(rows, directions)
                numbers = "; ".join(
                    f"{effect(row)} compared with `{row['against_method']}`, {times(cost)}"
                    for row, cost in zip(rows, work, strict=True)
                )
                budget = evidence.budget([cell, *against])
                text = f"nll {numbers}; {budget}; seeds: {rows[0]['seeds']}."
                points.append(Point(dataset, f"{title}: {words}.", text, name))
        if better:
            claims.append(
                f"`{name}` has a better likelihood than each of its parts in {sum(better.values())} of "
                f"{len(better)} comparisons ({scope(evidence, better, costs)} of a part)"
            )
    return Answer(QUESTION, summary(evidence, claims), points)


def compare_with_parts(rows: Sequence[Row], directions: Sequence[int]) -> str:
    """Say how a combination compares with its parts."""
    if min(directions) > 0:
        return "better than each of its parts"
    worse = [
        f"`{row['against_method']}`" for row, direction in zip(rows, directions, strict=True) if direction < 0
    ]
    return f"worse than {listed(worse)}" if worse else "no gain over all of its parts is shown"
