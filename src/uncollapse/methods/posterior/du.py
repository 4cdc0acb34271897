"""Means are kept diverse and variances uncertain: DU-VAE.

Shen et al. 2021, arXiv 2110.12381. mu is normalised over every training batch, as in BN-VAE, but each
dimension learns its scale, and together the scales keep a mean square of gamma^2. So in a batch the variance
of mu is gamma^2 on average over dimensions, and the KL of D dimensions at least D gamma^2 / 2. In training a
variance is dropped with probability `drop`, and those that are kept grow by 1 / (1 - drop), as in the
authors' code. All variances get a floor of 1 / (2 pi e) on top, at which the entropy is zero: in the authors'
code from the end of the annealing on, here from the start.
"""

import math
from typing import Annotated

import torch
from pydantic import Field, PositiveFloat
from torch import Tensor, nn

from uncollapse.methods.posterior import Head
from uncollapse.seeds import torch_generator

FLOOR = 1 / (2 * math.pi * math.e)


class Diverse(nn.Module):
    """A linear head that normalises mu as a whole and drops variances at random."""

    drawn: Tensor
    batches: Tensor

    def __init__(self, features: int, latents: int, gamma: float, drop: float) -> None:
        super().__init__()
        self.gamma, self.drop = gamma, drop
        self.linear = nn.Linear(features, 2 * latents)  # As in `gaussian`, so that both start alike.
        self.norm = nn.BatchNorm1d(latents, eps=1e-12, affine=False)  # A larger eps is a way to collapse.
        self.scale, self.shift = nn.Parameter(torch.ones(latents)), nn.Parameter(torch.zeros(latents))
        # These two decide what is dropped; they are kept with the weights, so training can be resumed.
        self.register_buffer("drawn", torch.tensor(0))
        self.register_buffer("batches", torch.tensor(0))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the seed that decides which variances are dropped."""
        self.drawn.random_(2**31)
        self.batches.zero_()

    def kept(self, variance: Tensor) -> Tensor:
        """Return which variances are kept in this batch, as 0 or 1."""
        generator = torch_generator(int(self.drawn), "dropped variances", int(self.batches))
        self.batches += 1
        return (torch.rand(variance.shape, generator=generator) >= self.drop).to(variance)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Return mu and logvar, (B, latents) each, for features (B, features); B > 1 in training."""
        mu, logvar = self.linear(features).chunk(2, dim=1)
        scale = self.gamma * self.scale / self.scale.square().mean().sqrt()
        variance = logvar.exp()
        if self.training:
            variance = variance * self.kept(variance) / (1 - self.drop)
        return scale * self.norm(mu) + self.shift, (variance + FLOOR).log()


def du(*, gamma: PositiveFloat = 0.5, drop: Annotated[float, Field(ge=0, lt=1)] = 0.2) -> Head:
    """Return a head whose mu has variance `gamma`^2 on average over dimensions.

    Variances are dropped with probability `drop`.
    """
    return lambda features, latents: Diverse(features, latents, gamma, drop)
