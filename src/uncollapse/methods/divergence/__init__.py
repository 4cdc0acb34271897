"""Slot `divergence` (of a model): what is held against the prior?

The training loss is reconstruction + share * sum_i beta_i KL_i + penalty(z, noise), where beta comes from `kl_weight`, z (B, D) is the batch's sample of
q(z) and noise (B, D) one of the prior.
"""

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor


class Divergence(NamedTuple):
    """The share of the KL of q(z|x), and a penalty on q(z), a scalar, or None for none."""

    share: float
    penalty: Callable[[Tensor, Tensor], Tensor] | None
