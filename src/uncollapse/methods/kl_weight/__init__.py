"""The slot `kl_weight` of models.

What does the KL weigh at this step?

A schedule and a controller are one kind of thing, a pair of functions. `init()` gives the state before
the first step. `update(state, kl, reconstruction)` takes KL_i (B, D) and reconstruction (B,) of this
step's batch, in nats, without gradient; it gives beta, for this same step, and the next state. Beta
multiplies KL_i: a scalar, or any shape that broadcasts to (B, D).
"""

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor

KLWeightState = dict[str, Tensor]


class KLWeight(NamedTuple):
    """A weight of the KL: how it starts, and how it is updated at each batch.

    batches        until a schedule ends; training does not stop before
    target         of a controller (nats), 0 for others; the history says whether the KL has settled on it
    per_dimension  whether `update` needs KL_i of each dimension, and not only their sum
    """

    init: Callable[[], KLWeightState]
    update: Callable[[KLWeightState, Tensor, Tensor], tuple[Tensor, KLWeightState]]
    batches: int = 0
    target: float = 0.0
    per_dimension: bool = False
