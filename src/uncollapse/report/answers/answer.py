"""What an answer consists of."""

from collections.abc import Sequence
from typing import NamedTuple

from uncollapse.report.evidence import Evidence

NOT_SHOWN = "**Not shown by this grid**"
ONE_SEED = "no interval can be given with one seed"


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


def listed(items: Sequence[str]) -> str:
    """a, b and c."""
    return " and ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else items)


def summary(evidence: Evidence, claims: Sequence[str]) -> str:
    """The answer in a sentence."""
    if not claims:
        return f"{NOT_SHOWN}: cells that it needs are missing."
    if evidence.seeds < 2:
        return "With one seed nothing is shown to be beyond chance."
    return f"Beyond chance: {'; '.join(claims)}."


def not_shown(
    dataset: str, name: str, method: str | None = None, reason: str = "A cell is missing."
) -> Point:
    """The point where a comparison cannot be made."""
    return Point(dataset, f"{name}: not shown by this grid.", reason, method)
