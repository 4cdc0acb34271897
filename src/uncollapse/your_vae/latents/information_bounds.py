"""Bounds of the information in z, from the encodings of some data alone."""

import math
from typing import NamedTuple

from torch import Tensor

from uncollapse.measures.mutual_information_bound import bound_by_ratios, choose_density, find_log_ratios
from uncollapse.vae import Gaussian, log_prior

FEWEST = 50  # No density is fitted to fewer examples.
SURE = 3.0  # This number of standard errors below an estimate counts as certain.


class Bounds(NamedTuple):
    """An upper bound of the mutual information with its standard error, and a lower one of KL(q(z) || p(z)).

    All of them are in nats.
    """

    mi_upper: float
    standard_error: float
    marginal_kl_at_least: float


def bound_by_moments(q: Gaussian) -> float:
    """Return the lower bound of KL(q(z) || N(0, I)) in nats that the moments of q(z) give, for q (N, D).

    It is KL(r || p(z)) of the Gaussian r with the means and variances of q(z): log r(z) / p(z) is quadratic,
    so KL(q(z) || p(z)) = KL(q(z) || r) + KL(r || p(z)).
    """
    variance = q.mu.var(0, correction=0) + q.logvar.exp().mean(0)
    return float(Gaussian(q.mu.mean(0), variance.log()).kl().sum())


def bound_by_information(kl: Tensor, ratios: Tensor) -> float:
    """Return the lower bound of KL(q(z) || p(z)) in nats that an upper bound of the information gives.

    KL(q(z) || p(z)) = E_x[KL(q(z|x) || p(z))] - I (Hoffman & Johnson 2016), and I is not more than the mean
    of the log ratios log q(z|x) - log r(z), for every density r. So the mean of KL_n minus ratio_n over the
    examples n is below KL(q(z) || p(z)) in expectation, whatever the prior is: by KL(q(z) || r(z)). Three
    standard errors of that mean are taken off. The `kl` and the `ratios` (N,) are those of the same examples,
    on which r was neither fitted nor chosen.
    """
    difference = kl - ratios
    return float(difference.mean() - SURE * difference.std() / math.sqrt(len(difference)))


def bound_information(q: Gaussian, kl: Tensor, noise: Tensor) -> Bounds:
    """Return both bounds for q (N, D) in random order, whose KL to the prior is `kl` (N,).

    Densities r(z) are fitted to three fifths of the examples; the one that is best on the fourth fifth gives
    the bounds on the last. `noise` is standard normal (N, D). Mixtures of Gaussians are not tried, because
    they need scikit-learn. With fewer than 50 examples r is the prior.
    """
    if len(q.mu) < FEWEST:
        upper = bound_by_ratios(find_log_ratios(q, noise.unsqueeze(0), log_prior))
        return Bounds(*upper, -math.inf)
    cuts = [3 * len(q.mu) // 5, 4 * len(q.mu) // 5]
    means, logvars = q.mu.tensor_split(cuts), q.logvar.tensor_split(cuts)
    train, valid = Gaussian(means[0], logvars[0]), Gaussian(means[1], logvars[1])
    test, own = Gaussian(means[2], logvars[2]), noise[cuts[1] :].unsqueeze(0)
    ratios = find_log_ratios(test, own, choose_density(train, valid, seed=0, components=()))
    return Bounds(*bound_by_ratios(ratios), bound_by_information(kl[cuts[1] :], ratios))
