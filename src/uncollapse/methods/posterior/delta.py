"""q(z_i|x) stays delta nats away from the prior, whatever x is: delta-VAE.

Razavi et al. 2019, arXiv 1901.03416, for an isotropic prior.

The standard deviation lies between the roots of the two variances v at which KL_i is delta without a mean,

    ln v - v + 2 delta + 1 = 0,

and the mean makes up for what another variance leaves: mu^2 = 2 delta + 1 + ln v - v + max(m, 0), so that
KL_i = delta + max(m, 0) / 2. The means are positive; they may be equal for all x, in which case z carries no
information.
"""

import math
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn

from uncollapse.methods.posterior import Head

LEAST_SQUARE = 1e-6  # It keeps the root of mu^2 away from 0, where its slope is infinite.


class Committed(nn.Module):
    """A linear head whose KL_i is delta or more."""

    def __init__(self, features: int, latents: int, delta: float) -> None:
        from scipy.special import lambertw

        super().__init__()
        self.delta = delta
        self.linear = nn.Linear(features, 2 * latents)  # As in `gaussian`, so that both start alike.
        # The two solutions of v exp(-v) = exp(-(2 delta + 1)) lie on the real branches of Lambert's W.
        product = -math.exp(-(2 * delta + 1))
        self.low = math.sqrt(-lambertw(product, 0).real)
        self.high = math.sqrt(-lambertw(product, -1).real)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Return mu and logvar, (B, latents) each, for features (B, features)."""
        more, spread = self.linear(features).chunk(2, dim=1)
        precision = torch.promote_types(more.dtype, torch.float32)
        more, spread = more.to(precision), spread.to(precision)
        logvar = 2 * (self.low + (self.high - self.low) * spread.sigmoid()).log()
        square = 2 * self.delta + 1 + logvar - logvar.exp() + more.relu()
        return (square.clamp(min=0) + LEAST_SQUARE).sqrt(), logvar


def delta(*, delta: Annotated[float, Field(gt=0, le=20)] = 0.15) -> Head:
    """Return a head with `delta` nats of KL or more in every dimension."""
    return lambda features, latents: Committed(features, latents, delta)
