"""Mutual information of x and z under q, with all encoded points as the mixture.

    I_q(x, z) = E_x E_q(z|x) [log q(z|x) - log q(z)],     q(z) = 1/N sum_j q(z|x_j)

(Hoffman & Johnson 2016, "ELBO surgery"; He et al. 2019 take the mixture over a batch). The point's own component is in
the mixture, so the estimate cannot go above ln N, the cap.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from uncollapse.vae import Gaussian


class MutualInformation(NamedTuple):
    """An estimate, its standard error over the points, and the value that it cannot exceed, in nats."""

    mi: float
    standard_error: float
    cap: float


@torch.no_grad()
def mutual_information(q: Gaussian, noise: Tensor, *, chunk: int = 128) -> MutualInformation:
    """I_q(x, z) from one z a point; q and the standard normal `noise` are (N, D)."""
    q = Gaussian(q.mu.double(), q.logvar.double())  # the quadratic form below cancels, and doubles take no longer
    z = q.sample(noise.double())
    inside = torch.cat([log_mixture(q, z[start : start + chunk]) for start in range(0, len(z), chunk)])
    points = q.log_prob(z) - inside
    return MutualInformation(float(points.mean()), float(points.std() / math.sqrt(len(z))), math.log(len(z)))


def log_mixture(q: Gaussian, z: Tensor) -> Tensor:
    """log of 1/N sum_j q(z|x_j) for z (M, D): (M,), all in doubles. log q(z|x_j) is a quadratic form in z, so all pairs are one product."""
    precision = (-q.logvar).exp()
    weights = torch.cat([-0.5 * precision, q.mu * precision], dim=1)
    constant = -0.5 * (q.mu.square() * precision + q.logvar + math.log(2 * math.pi)).sum(1)
    pairs = torch.addmm(constant, torch.cat([z.square(), z], dim=1), weights.T)
    most = pairs.amax(1, keepdim=True)
    # below -80 exp is 0 beside 1 in floats, and slow
    total = (pairs - most).clamp_(min=-80).exp_().sum(1)
    return most.squeeze(1) + total.log() - math.log(len(q.mu))
