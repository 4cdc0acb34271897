"""What a cell does compared with its reference, on both rulers, and at what cost."""

import math
from typing import NamedTuple

from uncollapse.experiment.cells import Cell
from uncollapse.results.evidence import Evidence
from uncollapse.results.numbers import Row, effect, times
from uncollapse.results.robust import dependence
from uncollapse.results.verdict import Judgement, Verdict, judge


class Effect(NamedTuple):
    """What a cell does, compared with its reference: 1 is better, -1 is worse, 0 is no difference shown.

    collapse       less or more of it, see `Evidence.collapse`
    at_equal_work  the validation elbo for the work of its reference; None if it took more from the start
    converged      whether all runs of both cells have
    diverged       the number of runs of both that are left out because they did
    cost           its work, as a multiple of its reference's
    nll, share     the comparisons of the likelihood and of `Evidence.collapse`
    depends        where the difference in `share` is shown, if that depends on eps; else ""
    evidence       all numbers, with budget and cost
    cell, against  which these are
    """

    collapse: int
    information: int
    likelihood: int
    at_equal_work: int | None
    converged: bool
    diverged: int
    cost: float
    nll: Row
    share: Row
    depends: str
    evidence: str
    cell: Cell
    against: Cell

    @property
    def less_collapse(self) -> bool:
        """Whether there is less collapse or more information, and the other of the two is not worse."""
        return max(self.collapse, self.information) > 0 <= min(self.collapse, self.information)

    @property
    def judgement(self) -> Judgement:
        """Judge the cell by what is shown on both rulers."""
        return judge(
            likelihood=self.likelihood,
            collapse=self.collapse,
            information=self.information,
            cost=self.cost,
            at_equal_work=self.at_equal_work,
            depends=bool(self.depends),
            doubt=self.doubt,
        )

    @property
    def doubt(self) -> Verdict | None:
        """Say why the numbers do not count, if they do not."""
        if self.diverged:
            return Verdict.DIVERGED
        if math.isnan(self.nll["low"]):
            return Verdict.NO_INTERVAL
        return None if self.converged else Verdict.NOT_CONVERGED


def effect_of(evidence: Evidence, question: str, cell: Cell, against: Cell) -> Effect | None:
    """What a cell does, compared with its reference; None if one of them is missing."""
    nll, share, collapsed, information, equal = (
        evidence.comparison(question, cell, against, measure)
        for measure in ("nll", evidence.collapse, "collapsed", "mi", "elbo_at_equal_work")
    )
    if nll is None or share is None or collapsed is None:
        return None
    depends = dependence(evidence.directions(share))
    parts, note = [f"nll {effect(nll)}"], f" ({depends})" if depends else ""
    if share is not collapsed:
        parts.append(f"dimensions without information {effect(share)}{note}")
        note = ""
    parts.append(f"collapsed dimensions {effect(collapsed)}{note}")
    if information is not None and information["at_cap"] != "both":
        parts.append(f"mi {effect(information)}")
    cost = evidence.cost(cell, against)
    parts.append(times(cost))
    if equal is not None:
        parts.append(f"validation elbo at equal work {effect(equal)}")
    collapse, told, likelihood = (evidence.direction(row) for row in (share, information, nll))
    return Effect(
        collapse,
        told,
        likelihood,
        at_equal_work=None if equal is None else evidence.direction(equal),
        converged=evidence.converged(cell, against),
        diverged=evidence.diverging(cell, against),
        cost=cost,
        nll=nll,
        share=share,
        depends=depends,
        evidence=f"{', '.join(parts)}; {evidence.budget([cell, against])}",
        cell=cell,
        against=against,
    )
