"""Every q(z|x) is compared with the prior by its KL, as in the ELBO.

Kingma & Welling 2014, arXiv 1312.6114, eq. 3.
"""

from uncollapse.methods.divergence import Divergence


def kl() -> Divergence:
    """Return the whole KL, without a penalty."""
    return Divergence(share=1.0, penalty=None)
