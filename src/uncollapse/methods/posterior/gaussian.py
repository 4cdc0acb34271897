"""The diagonal Gaussian posterior: mu and logvar are linear in the encoder's features (Kingma & Welling
2014)."""

from torch import Tensor, nn

from uncollapse.methods.posterior import Head


class GaussianHead(nn.Module):
    """mu and logvar by one linear layer."""

    def __init__(self, features: int, latents: int):
        super().__init__()
        self.linear = nn.Linear(features, 2 * latents)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """(B, features) to mu and logvar, (B, latents) each."""
        mu, logvar = self.linear(features).chunk(2, dim=1)
        return mu, logvar


def gaussian() -> Head:
    """A linear head."""
    return GaussianHead
