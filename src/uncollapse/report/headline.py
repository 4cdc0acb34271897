"""The headline: the findings of the grid in three sentences at most."""

from collections.abc import Sequence

from uncollapse.report.answers.answer import describe_scope
from uncollapse.report.matrix import Square
from uncollapse.results.effects import Effect
from uncollapse.results.evidence import Evidence
from uncollapse.results.numbers import find_measure, show_difference
from uncollapse.results.verdict import Verdict

MOST_SENTENCES = 3
SAID = (Verdict.HELPS, Verdict.AT_MORE_WORK, Verdict.TRADE_OFF, Verdict.WORSE)


def write_headline(evidence: Evidence, squares: Sequence[Square]) -> list[str]:
    """Write, for each verdict, a sentence about the method and the model that earn it most often."""
    subjects: dict[tuple[str, str], list[Effect]] = {}
    for one in (square.effect for square in squares if square.effect):
        axis = "model" if one.cell.method == evidence.plain else "method"
        subjects.setdefault((axis, getattr(one.cell, axis)), []).append(one)
    sentences = []
    for verdict in SAID:
        for axis in ("method", "model"):
            found = {
                name: [one for one in effects if one.judgement.verdict == verdict]
                for (of, name), effects in subjects.items()
                if of == axis
            }
            name = max(found, key=lambda name: len(found[name]), default="")
            if found.get(name):
                sentences.append(
                    write_sentence(evidence, axis, verdict, found[name], len(subjects[axis, name]))
                )
    return sentences[:MOST_SENTENCES]


def write_sentence(evidence: Evidence, axis: str, verdict: Verdict, found: Sequence[Effect], of: int) -> str:
    """Say in how many comparisons a verdict is shown, with their scope and the surest of them."""
    cells = [cell for one in found for cell in (one.cell, one.against)]
    rows = [(row, one.cell) for one in found for row in (one.nll, one.share)]
    row, cell = min(rows, key=lambda pair: (not evidence.direction(pair[0]), pair[0].p_holm))
    measure = find_measure(row.measure)
    name, against = getattr(found[0].cell, axis), getattr(found[0].against, axis)
    where = f"{cell.dataset} with `{cell.model}`" if axis == "method" else cell.dataset
    return (
        f"`{name}` {verdict.clause} in {len(found)} of {of} comparisons with `{against}` "
        f"({describe_scope(evidence, cells, [one.cost for one in found])}), most surely on {where}: "
        f"{measure.words or measure.title} {show_difference(row)}."
    )
