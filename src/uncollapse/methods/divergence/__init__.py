"""The slot `divergence` of models.

What is compared with the prior?

The training loss is reconstruction + share * sum_i beta_i KL_i + penalty(vae, x, q, z, noise), see
`uncollapse.training.objective`. The penalty gets the net, the batch x (B, ...), its q(z|x), the sample z
(B, D) of that q, and a sample `noise` (B, D) of the prior.
"""

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor

from uncollapse.vae import VAE, Gaussian

Penalty = Callable[[VAE, Tensor, Gaussian, Tensor, Tensor], Tensor]


class Divergence(NamedTuple):
    """A share of the KL of q(z|x), and a penalty in nats, a scalar or (B,), or None."""

    share: float
    penalty: Penalty | None
