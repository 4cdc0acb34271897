"""The KL of the aggregate posterior q(z), by dimension, takes the place of the KL of every q(z|x).

This is the density gap of DG-VAE (Zhang et al. 2022, NeurIPS, eq. 11).

    sum_i KL(q(z_i) || p(z_i)),    q(z_i) = mean_b q(z_i|x_b) over the batch

The KL of q(z|x) is larger than the KL of q(z) by I(x; z). So z may tell what it wants, as long as each of its
dimensions is distributed as the prior, and collapse gains nothing. The KL is estimated at one z for each
example; the authors' code draws 32.
"""

import math

from pydantic import NonNegativeFloat
from torch import Tensor

from uncollapse.methods.divergence import Divergence
from uncollapse.vae import VAE, Gaussian


def aggregate(*, weight: NonNegativeFloat = 1.0) -> Divergence:
    """Return `weight` times the KL of q(z), without the KL of q(z|x); a batch needs two examples or more."""

    def penalty(vae: VAE, x: Tensor, q: Gaussian, z: Tensor, noise: Tensor) -> Tensor:
        square = (z[:, None] - q.mu).square() * (-q.logvar).exp()  # (B, B, D)
        log_q = (-0.5 * (square + q.logvar)).logsumexp(1) - math.log(len(z))
        # Both densities are without ln 2 pi.
        return weight * (log_q + 0.5 * z.square()).sum(1).mean()

    return Divergence(0.0, penalty)
