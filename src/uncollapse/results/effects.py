"""The effect of a cell, compared with its reference: on both rulers, with its cost."""

import math
from typing import NamedTuple

from uncollapse.experiment.cells import Cell
from uncollapse.results.evidence import Evidence
from uncollapse.results.numbers import describe_work, find_measure, show_difference
from uncollapse.results.robust import describe_dependence
from uncollapse.results.roles import AT_EQUAL_WORK, COLLAPSED, INFORMATION, LIKELIHOOD
from uncollapse.results.rows import Comparison
from uncollapse.results.verdict import Judgement, Verdict, judge


class Effect(NamedTuple):
    """The effect of a cell, compared with its reference: 1 is better, -1 worse, 0 no difference shown.

    collapse       less or more of it, see `Evidence.collapse`
    at_equal_work  the validation elbo for the work of its reference; None if it took more from the start
    converged      whether all runs of both cells have
    diverged       the number of runs of both that are left out because they did
    cost           its work, as a multiple of its reference's
    nll, share     the comparisons of the likelihood and of `Evidence.collapse`
    depends        where the difference in `share` is shown, if that depends on eps; else ""
    numbers        all numbers in words, with budget and cost
    cell, against  which these are
    """

    collapse: int
    information: int
    likelihood: int
    at_equal_work: int | None
    converged: bool
    diverged: int
    cost: float
    nll: Comparison
    share: Comparison
    depends: str
    numbers: str
    cell: Cell
    against: Cell

    @property
    def less_collapse(self) -> bool:
        """Tell whether there is less collapse or more information, and neither of the two is worse."""
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
        if math.isnan(self.nll.low):
            return Verdict.NO_INTERVAL
        return None if self.converged else Verdict.NOT_CONVERGED


def find_effect(evidence: Evidence, question: str, cell: Cell, against: Cell) -> Effect | None:
    """Find the effect of a cell, compared with its reference; None if one of them is missing."""
    nll = evidence.comparison(question, cell, against, LIKELIHOOD)
    share = evidence.comparison(question, cell, against, evidence.collapse)
    collapsed = evidence.comparison(question, cell, against, COLLAPSED)
    information = evidence.comparison(question, cell, against, INFORMATION)
    equal = evidence.comparison(question, cell, against, AT_EQUAL_WORK)
    if nll is None or share is None or collapsed is None:
        return None
    depends = describe_dependence(evidence.directions(share))
    parts = [f"{LIKELIHOOD} {show_difference(nll)}"]
    shares = [share] if share is collapsed else [share, collapsed]
    parts += [f"{find_measure(one.measure).words} {show_difference(one)}" for one in shares]
    if depends:
        parts[1] += f" ({depends})"
    if information is not None and information.at_cap != "both":
        parts.append(f"{INFORMATION} {show_difference(information)}")
    cost = evidence.cost(cell, against)
    parts.append(describe_work(cost))
    if equal is not None:
        parts.append(f"validation elbo at equal work {show_difference(equal)}")
    return Effect(
        collapse=evidence.direction(share),
        information=evidence.direction(information),
        likelihood=evidence.direction(nll),
        at_equal_work=None if equal is None else evidence.direction(equal),
        converged=evidence.converged(cell, against),
        diverged=evidence.diverging(cell, against),
        cost=cost,
        nll=nll,
        share=share,
        depends=depends,
        numbers=f"{', '.join(parts)}; {evidence.budget([cell, against])}",
        cell=cell,
        against=against,
    )
