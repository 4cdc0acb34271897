"""The answer to the question whether combinations of methods add anything to their parts."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from uncollapse.experiment.cells import Cell
from uncollapse.report.answers.answer import (
    Answer,
    Point,
    answer_by_cell,
    describe_scope,
    point_not_shown,
    refuse,
)
from uncollapse.results.evidence import Evidence
from uncollapse.results.numbers import describe_work, join_words, show_difference
from uncollapse.results.roles import LIKELIHOOD
from uncollapse.results.rows import Comparison
from uncollapse.results.verdict import Verdict

COMBINATION_QUESTION = "Do combinations add anything to their parts?"
NO_PARTS = "It does not have all of its parts."


class Addition(NamedTuple):
    """Whether a combination is better than each of its parts, and its work as a multiple of that of each."""

    better: bool
    costs: list[float]


def answer_combinations(evidence: Evidence) -> Answer:
    """Answer with a point for each combination, data set and model."""
    if not evidence.combinations:
        return refuse(COMBINATION_QUESTION, "no method in it combines others")

    def find(cell: Cell) -> tuple[Point, Addition | None]:
        return find_addition(evidence, cell)

    def claim(name: str, found: Mapping[Cell, Addition]) -> str:
        better = sum(one.better for one in found.values())
        costs = [cost for one in found.values() for cost in one.costs]
        return (
            f"`{name}` has a better likelihood than each of its parts in {better} of {len(found)} "
            f"comparisons ({describe_scope(evidence, found, costs)} of a part)"
        )

    cells = {name: evidence.cells_of(method=name) for name in evidence.combinations}
    return answer_by_cell(evidence, COMBINATION_QUESTION, cells, find, claim)


def find_addition(evidence: Evidence, cell: Cell) -> tuple[Point, Addition | None]:
    """Compare a combination with each of its parts."""
    title = f"`{cell.method}` on `{cell.model}`, {cell.dataset}"
    parts = [cell._replace(method=part) for part in evidence.combinations[cell.method]]
    found = [evidence.comparison("combination", cell, part, LIKELIHOOD) for part in parts]
    rows = [row for row in found if row]
    if not rows or len(rows) < len(parts):
        return point_not_shown(cell.dataset, title, cell.method, NO_PARTS), None
    directions = [evidence.direction(row) for row in rows]
    costs = [evidence.cost(cell, part) for part in parts]
    words = Verdict.NO_INTERVAL if evidence.seeds < 2 else compare_with_parts(rows, directions)
    numbers = "; ".join(
        f"{show_difference(row)} compared with `{row.pair.against.method}`, {describe_work(cost)}"
        for row, cost in zip(rows, costs, strict=True)
    )
    text = f"{LIKELIHOOD} {numbers}; {evidence.budget([cell, *parts])}; seeds: {rows[0].seeds}."
    point = Point(cell.dataset, f"{title}: {words}.", text, cell.method)
    return point, Addition(min(directions) > 0, costs)


def compare_with_parts(rows: Sequence[Comparison], directions: Sequence[int]) -> str:
    """Say how a combination compares with its parts."""
    if min(directions) > 0:
        return "better than each of its parts"
    pairs = zip(rows, directions, strict=True)
    worse = [f"`{row.pair.against.method}`" for row, direction in pairs if direction < 0]
    return f"worse than {join_words(worse)}" if worse else "no gain over all of its parts is shown"
