"""Where the two measures of collapse disagree: dimensions of small KL, and of no information.

A posterior may differ from the prior in the same way for every x: its KL is large, its information is not.
"""

from uncollapse.experiment.cells import Cell
from uncollapse.report.answers.answer import Point
from uncollapse.results.evidence import Evidence
from uncollapse.results.numbers import Row, effect

MOST = 0.1  # of the dimensions


def disagreements(evidence: Evidence) -> list[Point]:
    """A sentence for each cell and comparison; none where information was not measured by dimension."""
    if evidence.collapse != "uninformative":
        return []
    cells = [Cell(*names) for names in evidence.means]
    points = [point for cell in cells if (point := dead_in_truth(evidence, cell))]
    for row in evidence.comparisons.values():
        point = opposite(evidence, row) if row["measure"] == "uninformative" else None
        points += [point] if point else []
    return points


def dead_in_truth(evidence: Evidence, cell: Cell) -> Point | None:
    """A cell with many dimensions that have not collapsed and yet tell nothing of x."""
    means = evidence.means[cell]
    if not means["uninformative"] - means["collapsed"] > MOST:
        return None
    verdict = (
        f"`{cell.method}` on `{cell.model}`, {cell.dataset}: {100 * means['uninformative']:.0f} % of the "
        f"dimensions carry less than {evidence.eps} nats of information about x, though only "
        f"{100 * means['collapsed']:.0f} % are ({evidence.eps}, {evidence.delta})-collapsed."
    )
    return Point(
        cell.dataset, verdict, "Their posteriors differ from the prior, but hardly with x.", cell.method
    )


def opposite(evidence: Evidence, row: Row) -> Point | None:
    """A comparison with opposite signs, at least one of them beyond chance."""
    cell = Cell.of(row)
    against = cell._replace(model=row["against_model"], method=row["against_method"])
    other = evidence.comparison(row["question"], cell, against, "collapsed")
    if other is None or row["difference"] * other["difference"] >= 0:
        return None
    if not (evidence.direction(row) or evidence.direction(other)):
        return None
    verdict = (
        f"`{cell.method}` on `{cell.model}`, {cell.dataset}, compared with `{against.method}` on "
        f"`{against.model}`: the two measures of collapse disagree."
    )
    numbers = f"Dimensions without information {effect(row)}, collapsed dimensions {effect(other)}."
    return Point(cell.dataset, verdict, numbers, cell.method)
