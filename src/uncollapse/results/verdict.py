"""The verdict on a method, from what is shown of it."""

from collections.abc import Sequence
from enum import StrEnum


class State(StrEnum):
    """The verdict on a cell, in words."""

    HELPS = "helps"
    AT_MORE_WORK = "helps only at more work"
    TRADE_OFF = "trade-off"
    NOTHING = "no difference shown"
    WORSE = "worse"
    NOT_CONVERGED = "not converged"
    DIVERGED = "diverges"


def state_of(shown: Sequence[int], *, cost: float, at_equal_work: int | None) -> State:
    """The verdict, from the directions in which differences are shown: 1 is better, -1 is worse, 0 is no
    difference. `cost` is a multiple of the reference's work. At more work means: not shown to be better for
    the work of the reference."""
    if min(shown) < 0:
        return State.TRADE_OFF if max(shown) > 0 else State.WORSE
    if max(shown) == 0:
        return State.NOTHING
    more = float(f"{cost:.2g}") > 1
    return State.AT_MORE_WORK if more and at_equal_work != 1 else State.HELPS
