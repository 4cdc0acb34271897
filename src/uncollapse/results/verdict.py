"""The verdict on a cell, from what is shown of it: in these words the page, MLflow and `advice` speak."""

from enum import StrEnum
from typing import NamedTuple

DIRECTION_WORDS = {1: "better", -1: "worse", 0: "no difference shown"}
COLLAPSE_WORDS = {1: "less collapse", -1: "more collapse"}
INFORMATION_WORDS = {1: "more information", -1: "less information"}
LIKELIHOOD_WORDS = {1: "better likelihood", -1: "worse likelihood", 0: "no difference in likelihood shown"}


class Verdict(StrEnum):
    """The verdict on a cell, compared with its reference: the best one comes first."""

    HELPS = "helps"
    AT_MORE_WORK = "helps only at more work"
    TRADE_OFF = "trade-off"
    NOTHING = "no difference shown"
    WORSE = "worse"
    NOT_CONVERGED = "not converged"
    DIVERGED = "diverges"
    NO_INTERVAL = "no interval"

    @property
    def meaning(self) -> str:
        """Say what was seen of a cell with this verdict."""
        return MEANINGS[self]

    @property
    def clause(self) -> str:
        """Say the verdict as the end of a sentence about a cell."""
        return CLAUSES.get(self, self.value)


MEANINGS = {
    Verdict.HELPS: "better in likelihood, collapse or information, and worse in none",
    Verdict.AT_MORE_WORK: "the same, but it took more work, and at equal work nothing better is shown",
    Verdict.TRADE_OFF: "better in one, worse in another",
    Verdict.NOTHING: "nothing is beyond chance",
    Verdict.WORSE: "worse in one, better in none",
    Verdict.NOT_CONVERGED: "does not count: a run of the cell or of its reference may still have improved",
    Verdict.DIVERGED: "does not count: some seeds of the cell or of its reference diverged, and the others "
    "are a selection",
    Verdict.NO_INTERVAL: "does not count: the cell and its reference have only one seed in common",
}
CLAUSES = {Verdict.TRADE_OFF: "is a trade-off", Verdict.WORSE: "is worse"}


class Judgement(NamedTuple):
    """A verdict, and the differences behind it in words."""

    verdict: Verdict
    reasons: tuple[str, ...] = ()

    def __str__(self) -> str:
        return ": ".join(filter(None, [self.verdict.value, self.behind]))

    @property
    def behind(self) -> str:
        """Join the reasons to one text."""
        return "; ".join(self.reasons)


def judge(
    *,
    likelihood: int,
    collapse: int,
    information: int = 0,
    cost: float,
    at_equal_work: int | None,
    depends: bool = False,
    doubt: Verdict | None = None,
) -> Judgement:
    """Judge a cell by the directions in which differences are shown: 1 is better, -1 worse, 0 neither.

    `cost` is the work of the cell as a multiple of its reference's; `at_equal_work` is the direction of the
    validation ELBO there, None where it is unknown. "At more work" means: not shown to be better for the work
    of the reference. `depends` says that the difference in collapse depends on eps. A `doubt` is the verdict
    where the numbers do not count.
    """
    if doubt in (Verdict.DIVERGED, Verdict.NO_INTERVAL):
        return Judgement(doubt)
    shown = (collapse, information, likelihood)
    reasons = []
    if any(shown):
        latents = [COLLAPSE_WORDS.get(collapse), INFORMATION_WORDS.get(information)]
        told = [words for words in latents if words] or ["no difference in collapse shown"]
        reasons.append(", ".join([*told, LIKELIHOOD_WORDS[likelihood]]))
    if at_equal_work or (at_equal_work == 0 and reasons):
        reasons.append(f"{DIRECTION_WORDS[at_equal_work]} at equal work")
    if depends:
        reasons.append("collapse depends on eps")
    return Judgement(doubt or weigh(shown, cost, at_equal_work), tuple(reasons))


def weigh(shown: tuple[int, ...], cost: float, at_equal_work: int | None) -> Verdict:
    """Weigh what is shown to be better against what is shown to be worse, and both against the work."""
    if min(shown) < 0:
        return Verdict.TRADE_OFF if max(shown) > 0 else Verdict.WORSE
    if max(shown) == 0:
        return Verdict.NOTHING
    more = float(f"{cost:.2g}") > 1
    return Verdict.AT_MORE_WORK if more and at_equal_work != 1 else Verdict.HELPS
