"""What an answer consists of."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from uncollapse.experiment.cells import Cell
from uncollapse.results.evidence import Evidence
from uncollapse.results.numbers import listed, times

NOT_SHOWN = "**Not shown by this grid**"


class Point(NamedTuple):
    """A verdict on one data set and the comparisons behind it, as Markdown, and the method in question."""

    dataset: str
    verdict: str
    evidence: str
    method: str | None = None


class Answer(NamedTuple):
    """A question, its answer in a sentence, and the points behind it."""

    question: str
    short: str
    points: list[Point]


def summary(evidence: Evidence, claims: Sequence[str]) -> str:
    """The answer in a sentence."""
    if not claims:
        return f"{NOT_SHOWN}: cells that it needs are missing."
    if evidence.seeds < 2:
        return "With one seed nothing is shown to be beyond chance."
    return f"Beyond chance: {'; '.join(claims)}."


def scope(evidence: Evidence, cells: Iterable[Cell], costs: Sequence[float]) -> str:
    """What a claim about cells holds for: data, budget and cost."""
    cells = list(cells)
    datasets = listed(list(dict.fromkeys(cell.dataset for cell in cells)))
    ends = list(dict.fromkeys(f"{cost:.2g}" for cost in sorted(costs)))
    cost = times(costs[0]) if len(ends) == 1 else f"{ends[0]} to {ends[-1]} times the work"
    return f"on {datasets}, {evidence.budget(cells)}, {cost}"


def not_shown(
    dataset: str,
    name: str,
    method: str | None = None,
    reason: str = "A cell is missing, or both have no seed in common.",
) -> Point:
    """The point where a comparison cannot be made."""
    return Point(dataset, f"{name}: not shown by this grid.", reason, method)
