"""The KL of the aggregate posterior q(z) to the prior, by dimension, in place of that of every q(z|x): the
density gap of DG-VAE (Zhang et al. 2022, NeurIPS, eq. 11).

    sum_i KL(q(z_i) || p(z_i)),    q(z_i) = mean_b q(z_i|x_b) over the batch

The KL of q(z|x) is I(x; z) more than that of q(z). So z may tell what it wants, as long as each of its
dimensions is distributed as the prior: nothing is gained by collapse. Estimated at one z of each example
(their code draws 32).
"""

import math

from pydantic import NonNegativeFloat
from torch import Tensor

from uncollapse.methods.divergence import Divergence
from uncollapse.vae import VAE, Gaussian


def aggregate(*, weight: NonNegativeFloat = 1.0) -> Divergence:
    """`weight` times the KL of q(z), none of that of q(z|x); a batch of two or more."""

    def penalty(vae: VAE, x: Tensor, q: Gaussian, z: Tensor, noise: Tensor) -> Tensor:
        square = (z[:, None] - q.mu).square() * (-q.logvar).exp()  # (B of z, B of q, D)
        log_q = (-0.5 * (square + q.logvar)).logsumexp(1) - math.log(len(z))
        return weight * (log_q + 0.5 * z.square()).sum(1).mean()  # of both densities ln 2 pi is left out

    return Divergence(0.0, penalty)
