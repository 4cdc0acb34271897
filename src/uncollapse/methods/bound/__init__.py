"""Slot `bound` (of a model): which bound on log p(x) is raised?

The ELBO takes one sample of z an example. A tighter bound takes more of them, z_k, with

    log w_k = log p(x|z_k) - share * sum_i beta_i log(q(z_ki|x) / p(z_ki))

and says how far it is above their mean.
"""

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor


class Bound(NamedTuple):
    """`samples` an example, and `gain(log_weights)` in nats, (B,) for log w (samples, B); None for none."""

    samples: int
    gain: Callable[[Tensor], Tensor] | None
