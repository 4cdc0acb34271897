"""The answer to the question what each method does to each model, and at what cost."""

from collections.abc import Mapping

from uncollapse.experiment.cells import Cell
from uncollapse.report.answers.answer import (
    Answer,
    Point,
    answer_by_cell,
    describe_scope,
    point_not_shown,
    refuse,
)
from uncollapse.results.effects import Effect, find_effect
from uncollapse.results.evidence import Evidence
from uncollapse.results.numbers import show_difference
from uncollapse.results.roles import LIKELIHOOD
from uncollapse.results.verdict import DIRECTION_WORDS

METHOD_QUESTION = "What does each method do to each model, and at what cost?"


def answer_methods(evidence: Evidence) -> Answer:
    """Answer with a point for each method, data set and model."""
    others = [method for method in evidence.methods if method != evidence.plain]
    if evidence.plain is None or not others:
        needed = "plain method" if evidence.plain is None else "method but the plain one"
        return refuse(METHOD_QUESTION, f"it has no {needed}")

    def find(cell: Cell) -> tuple[Point, Effect | None]:
        return find_gain(evidence, cell)

    def claim(method: str, found: Mapping[Cell, Effect]) -> str:
        better = sum(effect.likelihood > 0 for effect in found.values())
        less = sum(effect.less_collapse for effect in found.values())
        costs = [effect.cost for effect in found.values()]
        return (
            f"`{method}` improves the likelihood in {better} of {len(found)} comparisons and reduces "
            f"collapse in {less} ({describe_scope(evidence, found, costs)})"
        )

    cells = {method: evidence.cells_of(method=method) for method in others}
    return answer_by_cell(evidence, METHOD_QUESTION, cells, find, claim)


def find_gain(evidence: Evidence, cell: Cell) -> tuple[Point, Effect | None]:
    """Compare a method with the plain one, and its likelihood with that of its control if it has one."""
    name = f"`{cell.method}` on `{cell.model}`, {cell.dataset}"
    effect = find_effect(evidence, "method", cell, cell._replace(method=evidence.plain or ""))
    if effect is None:
        return point_not_shown(cell.dataset, name, cell.method), None
    statement, numbers = f"{name}: {effect.judgement}", effect.numbers
    control = cell._replace(method=evidence.controls.get(cell.method, ""))
    row = evidence.comparison("control", cell, control, LIKELIHOOD)
    if row is not None and evidence.seeds > 1:
        statement += f"; likelihood against its control: {DIRECTION_WORDS[evidence.direction(row)]}"
        numbers += f"; {LIKELIHOOD} {show_difference(row)} compared with `{control.method}`"
    return Point(cell.dataset, f"{statement}.", f"{numbers}.", cell.method), effect
