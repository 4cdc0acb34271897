"""Posteriors of different examples are rewarded for differing from each other.

MAE, Ma et al. 2019, arXiv 1901.01498.

MPD_i is the mean of KL(q(z_i|x) || q(z_i|x')) over all pairs of different examples of a batch. Beside the
whole KL the loss has

    - eta sum_i ln sigmoid(MPD_i)  +  gamma std(sum_i KL(q(z_i|x) || q(z_i|x')))

The first term is eta ln 2 for a dimension that says the same of every x, and vanishes for one that says much.
The second, over the same pairs, keeps some examples from lying far from all others. Both stand like this in
the authors' code, where the strengths are 0 unless given; the strengths here are ours.
"""

import torch
from pydantic import NonNegativeFloat
from torch import Tensor
from torch.nn.functional import logsigmoid

from uncollapse.methods.divergence import Divergence
from uncollapse.vae import VAE, Gaussian


def mutual(*, eta: NonNegativeFloat = 1.0, gamma: NonNegativeFloat = 0.01) -> Divergence:
    """Return the KL, `eta` times the reward and `gamma` times the spread, for batches of two or more."""

    def penalty(vae: VAE, x: Tensor, q: Gaussian, z: Tensor, noise: Tensor) -> Tensor:
        apart = q.logvar[:, None] - q.logvar  # (B, B, D)
        square = (q.mu[:, None] - q.mu).square() * (-q.logvar).exp()
        kl = 0.5 * (apart.expm1() - apart + square)
        pairs = kl[~torch.eye(len(kl), dtype=torch.bool, device=kl.device)]
        return gamma * pairs.sum(1).std() - eta * logsigmoid(pairs.mean(0)).sum()

    return Divergence(1.0, penalty)
