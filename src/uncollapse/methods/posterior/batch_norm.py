"""mu is batch-normalised, with a fixed scale and a learned shift: BN-VAE.

Zhu et al. 2020, arXiv 2004.12585. mu_i has mean shift_i and variance gamma^2 over every training batch, so
its KL_i is (gamma^2 + shift_i^2) / 2 or more on average (their eq. 7): the KL of D dimensions cannot fall
below D gamma^2 / 2. Every unit is active by construction, whatever it tells.
"""

import torch
from pydantic import PositiveFloat
from torch import Tensor, nn

from uncollapse.methods.posterior import Head


class Normalised(nn.Module):
    """A linear head whose mu is normalised."""

    def __init__(self, features: int, latents: int, gamma: float) -> None:
        super().__init__()
        self.gamma = gamma
        self.linear = nn.Linear(features, 2 * latents)  # As in `gaussian`, so that both start alike.
        self.norm = nn.BatchNorm1d(latents, eps=1e-12, affine=False)  # A larger eps is a way to collapse.
        self.shift = nn.Parameter(torch.zeros(latents))

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Return mu and logvar, (B, latents) each, for features (B, features); B > 1 in training."""
        mu, logvar = self.linear(features).chunk(2, dim=1)
        return self.gamma * self.norm(mu) + self.shift, logvar


def batch_norm(*, gamma: PositiveFloat = 0.6) -> Head:
    """Return a head whose mu has standard deviation `gamma` in every dimension."""
    return lambda features, latents: Normalised(features, latents, gamma)
