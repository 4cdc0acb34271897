"""Bounds of the information in z, from the encodings of some data alone."""

import math
from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

import torch
from torch import Tensor

from uncollapse.measures.mutual_information import log_mixture
from uncollapse.measures.mutual_information_bound import (
    MOST_FITTED,
    Density,
    bound_by_density,
    bound_by_ratios,
    choose_density,
    find_log_ratios,
)
from uncollapse.vae import Gaussian, log_prior
from uncollapse.your_vae.latents.latent_scale import find_moments

FEWEST = 50  # No density is fitted to fewer examples.
WIDTHS = tuple(0.25 * 4.0**-power for power in range(7))  # Shares of the variance of q(z).
GROSS = 0.5  # A KL(q(z) || p(z)) in nats a dimension.
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
    mean, variance = find_moments(q, torch.ones_like(q.mu), 0)
    return float(Gaussian(mean, variance.log()).kl().sum())


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


def widen_mixture(q: Gaussian) -> Iterator[Density]:
    """Yield kernel densities at the means of q (N, D), each with a larger least variance.

    Where the q(z|x) are narrow, as on a curve or a surface, the mixture of them misses the z of all other
    examples, and a Gaussian fills the space between. So no variance is below some share of the variance that
    q(z) has in that dimension. Shares that change no variance are left out.
    """
    mean, variance = find_moments(q, torch.ones_like(q.mu), 0)
    narrowest = float((q.logvar.amin(0) - variance.log()).min())
    for width in WIDTHS:
        if math.log(width) > narrowest:
            wide = Gaussian(q.mu - mean, torch.maximum(q.logvar, variance.log() + math.log(width)))
            yield lambda z, wide=wide: log_mixture(wide, z - mean)


def choose_kernel(train: Gaussian, valid: Gaussian) -> Density:
    """Return the kernel density at the means of train that gives the closest bound on valid, or the prior."""
    learned = Gaussian(train.mu[:MOST_FITTED].double(), train.logvar[:MOST_FITTED].double())
    noise = torch.randn(1, *valid.mu.shape, generator=torch.Generator().manual_seed(1))
    densities = chain([log_prior], widen_mixture(learned))
    return min(densities, key=lambda log_r: bound_by_density(valid, noise, log_r).mi_upper)


def take_gross(bounds: Bounds, kernel: Bounds, latents: int) -> Bounds:
    """Return the bounds by a kernel density where they show more, and that q(z) is grossly unlike the prior.

    The q(z) of every VAE of real data has clusters, which a kernel density may see and nobody who samples
    from the prior does: up to GROSS nats a dimension they are no news.
    """
    least = max(bounds.marginal_kl_at_least, GROSS * latents)
    return kernel if kernel.marginal_kl_at_least > least else bounds


def bound_information(q: Gaussian, kl: Tensor, noise: Tensor) -> Bounds:
    """Return both bounds for q (N, D) in random order, whose KL to the prior is `kl` (N,).

    Densities r(z) are fitted to three fifths of the examples; the one that is best on the fourth fifth gives
    the bounds on the last. `noise` is standard normal (N, D). Mixtures of Gaussians are not tried, because
    they need scikit-learn, and kernel densities count for gross holes alone. With fewer than 50 examples r is
    the prior.
    """
    if len(q.mu) < FEWEST:
        upper = bound_by_ratios(find_log_ratios(q, noise.unsqueeze(0), log_prior))
        return Bounds(*upper, -math.inf)
    cuts = [3 * len(q.mu) // 5, 4 * len(q.mu) // 5]
    means, logvars = q.mu.tensor_split(cuts), q.logvar.tensor_split(cuts)
    train, valid = Gaussian(means[0], logvars[0]), Gaussian(means[1], logvars[1])
    test, own = Gaussian(means[2], logvars[2]), noise[cuts[1] :].unsqueeze(0)
    found = []
    for log_r in (choose_density(train, valid, seed=0, components=()), choose_kernel(train, valid)):
        ratios = find_log_ratios(test, own, log_r)
        found.append(Bounds(*bound_by_ratios(ratios), bound_by_information(kl[cuts[1] :], ratios)))
    return take_gross(*found, latents=q.mu.shape[1])
