"""The two measures of collapse, small KL and no information, and where they disagree.

A posterior may differ from the prior in the same way for every x: its KL is large, its information is not.
"""

from uncollapse.experiment.cells import Cell
from uncollapse.report.answers.answer import Point
from uncollapse.results.evidence import Evidence
from uncollapse.results.numbers import show_difference
from uncollapse.results.roles import COLLAPSED, UNINFORMATIVE
from uncollapse.results.rows import CellMeans, Comparison

MOST_DEAD = 0.1  # of the dimensions


def find_disagreements(evidence: Evidence) -> list[Point]:
    """Find the cells and comparisons where they disagree, if information was measured by dimension."""
    if evidence.collapse != UNINFORMATIVE:
        return []
    points = [find_dead(evidence, cell, means) for cell, means in evidence.means.items()]
    comparisons = evidence.comparisons.values()
    points += [find_opposite(evidence, one) for one in comparisons if one.measure == UNINFORMATIVE]
    return [point for point in points if point]


def find_dead(evidence: Evidence, cell: Cell, means: CellMeans) -> Point | None:
    """Say of a cell that many of its dimensions have not collapsed and yet tell nothing of x."""
    if not means[UNINFORMATIVE] - means[COLLAPSED] > MOST_DEAD:
        return None
    verdict = (
        f"`{cell.method}` on `{cell.model}`, {cell.dataset}: {100 * means[UNINFORMATIVE]:.0f} % of the "
        f"dimensions carry less than {evidence.eps} nats of information about x, though only "
        f"{100 * means[COLLAPSED]:.0f} % are ({evidence.eps}, {evidence.delta})-collapsed."
    )
    return Point(
        cell.dataset, verdict, "Their posteriors differ from the prior, but hardly with x.", cell.method
    )


def find_opposite(evidence: Evidence, told: Comparison) -> Point | None:
    """Say of a comparison that both measures have opposite signs, at least one of them beyond chance."""
    cell, against = told.pair.cell, told.pair.against
    collapsed = evidence.comparison(*told.pair, COLLAPSED)
    if collapsed is None or told.difference * collapsed.difference >= 0:
        return None
    if not (evidence.direction(told) or evidence.direction(collapsed)):
        return None
    verdict = (
        f"`{cell.method}` on `{cell.model}`, {cell.dataset}, compared with `{against.method}` on "
        f"`{against.model}`: the two measures of collapse disagree."
    )
    numbers = (
        f"Dimensions without information {show_difference(told)}, "
        f"collapsed dimensions {show_difference(collapsed)}."
    )
    return Point(cell.dataset, verdict, numbers, cell.method)
