"""An answer of the report: a question, a sentence, and a point for each comparison."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeVar

from uncollapse.experiment.cells import Cell
from uncollapse.results.evidence import Evidence
from uncollapse.results.numbers import describe_work, join_words

# The result of the comparison of a cell.
Found = TypeVar("Found")
NOT_SHOWN = "**Not shown by this grid**"


class Point(NamedTuple):
    """A statement about one data set and the numbers behind it, as Markdown, and the method in question."""

    dataset: str
    statement: str
    numbers: str
    method: str | None = None


class Answer(NamedTuple):
    """A question, its answer in a sentence, and the points behind it."""

    question: str
    short: str
    points: list[Point]


def refuse(question: str, missing: str) -> Answer:
    """Return the answer of a grid that lacks what the question is about."""
    return Answer(question, f"{NOT_SHOWN}: {missing}.", [])


def answer_by_cell(
    evidence: Evidence,
    question: str,
    cells: Mapping[str, Iterable[Cell]],
    find: Callable[[Cell], tuple[Point, Found | None]],
    claim: Callable[[str, Mapping[Cell, Found]], str],
) -> Answer:
    """Answer a question about methods or models, each of which has `cells`.

    `find` returns the point of a cell and what was found there, None where its comparison cannot be made;
    `claim` sums up what was found of a method or model.
    """
    points: list[Point] = []
    claims: list[str] = []
    for name, of_name in cells.items():
        found: dict[Cell, Found] = {}
        for cell in of_name:
            point, result = find(cell)
            points.append(point)
            if result is not None:
                found[cell] = result
        if found:
            claims.append(claim(name, found))
    return Answer(question, sum_up(evidence, claims), points)


def sum_up(evidence: Evidence, claims: Sequence[str]) -> str:
    """Return the answer in a sentence."""
    if not claims:
        return f"{NOT_SHOWN}: cells that it needs are missing."
    if evidence.seeds < 2:
        return "With one seed nothing is shown to be beyond chance."
    return f"Beyond chance: {'; '.join(claims)}."


def describe_scope(evidence: Evidence, cells: Iterable[Cell], costs: Sequence[float]) -> str:
    """Say for which data, budget and cost a claim about cells holds."""
    cells = list(cells)
    datasets = join_words(list(dict.fromkeys(cell.dataset for cell in cells)))
    ends = list(dict.fromkeys(f"{cost:.2g}" for cost in sorted(costs)))
    cost = describe_work(costs[0]) if len(ends) == 1 else f"{ends[0]} to {ends[-1]} times the work"
    return f"on {datasets}, {evidence.budget(cells)}, {cost}"


def point_not_shown(
    dataset: str,
    name: str,
    method: str | None = None,
    reason: str = "A cell is missing, or the two have no seed in common.",
) -> Point:
    """Return the point of a comparison that cannot be made."""
    return Point(dataset, f"{name}: not shown by this grid.", reason, method)
