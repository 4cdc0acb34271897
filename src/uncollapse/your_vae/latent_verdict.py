"""The verdict on the latents of a VAE, in words."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uncollapse.your_vae.diagnosis import Diagnosis

COLLAPSE_EPS = 0.1  # The threshold of collapse in the verdict, in nats.


def describe_latents(found: "Diagnosis") -> str:
    """Say in words whether latents have collapsed, and what else is wrong with them."""
    if found.doubt:
        return found.doubt
    alive = found.collapse_thresholds >= COLLAPSE_EPS
    if not alive.any():
        return "collapsed"
    if found.mi < COLLAPSE_EPS:
        return (
            f"collapsed: a KL of {found.kl:.2f} nats, but z tells nothing about x "
            f"(mutual information {found.mi:.2f} nats)"
        )
    if found.marginal_kl_at_least > COLLAPSE_EPS * found.d:
        return (
            f"holes: q(z) is {found.marginal_kl_at_least:.4g} nats or more from the prior, so what is "
            "decoded from the prior will be poor"
        )
    if alive.all():
        return "healthy"
    share = found.kl_per_dimension[alive].sum() / found.kl
    return f"partly collapsed: {alive.sum()} of {found.d} dimensions carry {100 * share:.0f} % of the KL"
