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
from scipy.special import lambertw
from torch import Tensor, nn

from uncollapse.methods.posterior import Head

LEAST_SQUARE = 1e-6  # of mu^2, whose root has no finite slope at 0


class Committed(nn.Module):
    """A linear head whose KL_i is delta or more."""

    def __init__(self, features: int, latents: int, delta: float) -> None:
        super().__init__()
        self.delta = delta
        self.linear = nn.Linear(features, 2 * latents)  # as in gaussian, so that both start alike
        # v exp(-v) = exp(-(2 delta + 1)): the two real branches of Lambert's W
        product = -math.exp(-(2 * delta + 1))
        self.low, self.high = (math.sqrt(-lambertw(product, branch).real) for branch in (0, -1))

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Return mu and logvar, (B, latents) each, for features (B, features)."""
        more, spread = self.linear(features).chunk(2, dim=1)
        more, spread = (x.to(torch.promote_types(x.dtype, torch.float32)) for x in (more, spread))
        logvar = 2 * (self.low + (self.high - self.low) * spread.sigmoid()).log()
        square = 2 * self.delta + 1 + logvar - logvar.exp() + more.relu()
        return (square.clamp(min=0) + LEAST_SQUARE).sqrt(), logvar


def delta(*, delta: Annotated[float, Field(gt=0, le=20)] = 0.15) -> Head:
    """Return a head with `delta` nats of KL or more in every dimension."""
    return lambda features, latents: Committed(features, latents, delta)
