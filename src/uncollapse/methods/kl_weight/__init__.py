"""Slot `kl_weight` (of a model): what does a nat of KL cost at this step?

A schedule and a controller are one kind of thing, a pair of functions: `init()` gives the state before the
first step, `update(state, kl)` takes the KL_i of this step's batch, (B, D), without gradient, and gives beta and the next
state. Beta is a tensor that multiplies KL_i: a scalar, or of any shape that broadcasts to (B, D).
"""

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor

State = dict[str, Tensor]


class KLWeight(NamedTuple):
    """A price of the KL."""

    init: Callable[[], State]
    update: Callable[[State, Tensor], tuple[Tensor, State]]
