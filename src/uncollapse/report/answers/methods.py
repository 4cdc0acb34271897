"""What does each method do to each model, and at what cost?"""

from uncollapse.experiment.cells import Cell
from uncollapse.report.answers.answer import (
    NOT_SHOWN,
    Answer,
    Point,
    not_shown,
    scope,
    summary,
)
from uncollapse.results.effects import Effect, effect_of
from uncollapse.results.evidence import Evidence
from uncollapse.results.numbers import Row, effect
from uncollapse.results.verdict import DIRECTIONS

QUESTION = "What does each method do to each model, and at what cost?"


def methods(evidence: Evidence) -> Answer:
    """The answer, with a point for each method, data set and model."""
    others = [method for method in evidence.methods if method != evidence.plain]
    if evidence.plain is None or not others:
        needed = "plain method" if evidence.plain is None else "method but the plain one"
        return Answer(QUESTION, f"{NOT_SHOWN}: it has no {needed}.", [])
    points, claims = [], []
    for method in others:
        effects: dict[Cell, Effect] = {}
        for dataset in evidence.datasets:
            for model in evidence.models:
                cell = Cell(dataset, model, method)
                name, plain = f"`{method}` on `{model}`, {dataset}", cell._replace(method=evidence.plain)
                result = effect_of(evidence, "method", cell, plain)
                if result is None:
                    points.append(not_shown(dataset, name, method))
                    continue
                effects[cell] = result
                words, numbers = str(result.judgement), result.evidence
                row = control(evidence, cell)
                if row is not None and evidence.seeds > 1:
                    words += f"; likelihood against its control: {DIRECTIONS[evidence.direction(row)]}"
                    numbers += f"; nll {effect(row)} compared with `{row['against_method']}`"
                points.append(Point(dataset, f"{name}: {words}.", f"{numbers}.", method))
        if effects:
            better = sum(result.likelihood > 0 for result in effects.values())
            kept = sum(result.less_collapse for result in effects.values())
            costs = [result.cost for result in effects.values()]
            claims.append(
                f"`{method}` improves the likelihood in {better} of {len(effects)} comparisons and reduces "
                f"collapse in {kept} ({scope(evidence, effects, costs)})"
            )
    return Answer(QUESTION, summary(evidence, claims), points)


def control(evidence: Evidence, cell: Cell) -> Row | None:
    """How the nll of a cell compares with that of its control, where the method has one."""
    against = cell._replace(method=evidence.controls.get(cell.method, ""))
    return evidence.comparison("control", cell, against, "nll")
