"""q(z|x) is a diagonal Gaussian whose mu and logvar are linear in the encoder's features.

Kingma & Welling 2014, arXiv 1312.6114, appendix C.2.
"""

from torch import Tensor, nn

from uncollapse.methods.posterior import Head


class GaussianHead(nn.Module):
    """A head that makes mu and logvar by one linear layer."""

    def __init__(self, features: int, latents: int):
        super().__init__()
        self.linear = nn.Linear(features, 2 * latents)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Return mu and logvar, (B, latents) each, for features (B, features)."""
        mu, logvar = self.linear(features).chunk(2, dim=1)
        return mu, logvar


def gaussian() -> Head:
    """Return a linear head."""
    return GaussianHead
