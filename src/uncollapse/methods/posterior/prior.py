"""q(z|x) is the prior, whatever x is: collapse by construction, a control.

The decoder gets noise in place of z. An autoregressive decoder is then a language model with the same net,
and a VAE of the same nll has learned no more from its latents (Bowman et al. 2016, arXiv 1511.06349, table
2).
"""

from torch import Tensor, nn

from uncollapse.methods.posterior import Head


class Nothing(nn.Module):
    """A head that reads nothing of the features."""

    def __init__(self, features: int, latents: int) -> None:
        super().__init__()
        self.latents = latents

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Return mu = 0 and logvar = 0, (B, latents) each, for features (B, features)."""
        zeros = 0 * features[:, :1].expand(-1, self.latents)  # An adversary needs their gradient.
        return zeros, zeros


def prior() -> Head:
    """Return a head with mu = 0 and logvar = 0."""
    return Nothing
