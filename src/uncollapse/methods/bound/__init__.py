"""The slot `bound` of models.

Which bound on log p(x) is raised?

The ELBO takes one sample of z for each example. A tighter bound takes more samples z_k, with

    log w_k = log p(x|z_k) - share * sum_i beta_i log(q(z_ki|x) / p(z_ki))

and says how far it is above their mean.
"""

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor


class Bound(NamedTuple):
    """A bound that takes `samples` of z for each example.

    `gain(log_weights)` is how far the bound is above the mean of the log weights (samples, B), in nats, (B,).
    It is None where it is zero.
    """

    samples: int
    gain: Callable[[Tensor], Tensor] | None
