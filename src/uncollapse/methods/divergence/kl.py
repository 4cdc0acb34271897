"""The KL of every q(z|x) to the prior, as in the ELBO (Kingma & Welling 2014)."""

from uncollapse.methods.divergence import Divergence


def kl() -> Divergence:
    """The whole KL, and no penalty."""
    return Divergence(share=1.0, penalty=None)
