"""A few examples that have most of the KL, and spoil every number of a diagnosis."""

from typing import NamedTuple

from torch import Tensor

from uncollapse.vae import Gaussian
from uncollapse.your_vae.latents.information_bounds import bound_by_moments
from uncollapse.your_vae.latents.latent_verdict import COLLAPSE_EPS

FEWEST_WITH_OUTLIERS = 20  # Among fewer examples one may well have half of the KL.
MOST_OUTLIERS = 0.01  # More than this share of the examples are no exception.
LARGE = 5.0  # The KL of several outliers is larger than this number of medians.


class Outliers(NamedTuple):
    """The examples with most of the KL: the rows that are left, and the outliers in words."""

    kept: Tensor
    words: str


def find_outliers(q: Gaussian, kl: Tensor) -> Outliers | None:
    """Return the outliers of q (N, D), whose KL is `kl` (N, D), or None if there are none.

    They are the example with the largest KL, or else up to one in a hundred with a large KL, if they have
    half of the KL of all, or if the moments of q(z) are far from those of the prior only with them.
    """
    total = kl.sum(1)
    if len(kl) < FEWEST_WITH_OUTLIERS or float(total.mean()) < COLLAPSE_EPS:
        return None
    order = total.argsort(descending=True, stable=True)
    far = COLLAPSE_EPS * kl.shape[1]
    large = int((total > LARGE * total.median()).sum())
    for count in dict.fromkeys((1, max(1, min(large, int(MOST_OUTLIERS * len(kl)))))):
        kept = order[count:].sort().values
        share = float(total[order[:count]].sum() / total.sum())
        if share > 0.5 or bound_by_moments(q) > far >= bound_by_moments(Gaussian(q.mu[kept], q.logvar[kept])):
            return Outliers(kept, describe_outliers(q, kl, order[:count], share))
    return None


def describe_outliers(q: Gaussian, kl: Tensor, rows: Tensor, share: float) -> str:
    """Say which examples have a share of the KL, why, and what to do about it."""
    worst = int(rows[0])
    dimension = int(kl[worst].argmax())
    mu, logvar = float(q.mu[worst, dimension]), float(q.logvar[worst, dimension])
    by_mu = mu**2 / 2 > float(kl[worst, dimension]) / 2
    cause = f"mu is {mu:.4g}" if by_mu else f"logvar is {logvar:.4g}"
    mend = "look at that example" if by_mu else "clamp logvar"
    have = f"example {worst} has" if len(rows) == 1 else f"{len(rows)} of {len(kl)} examples have"
    whose = "its" if len(rows) == 1 else f"for one, in example {worst},"
    return (
        f"{have} {min(100 * share, 99.9):.3g} % of the KL: {whose} {cause} in dimension {dimension}; {mend}"
    )
