"""Posteriors with a full covariance: their KL in closed form, and the information in z by samples.

    KL(N(mu, L L^T) || N(0, I)) = (|mu|^2 + |L|^2 - D) / 2 - sum_i log L_ii,

with |L|^2 the sum of all squares of the triangle L. It is the sum of the KL of single dimensions, and more
by the KL between q(z|x) and the product of its marginals.
"""

import math

import torch
from torch import Tensor

from uncollapse.measures.mutual_information import MutualInformation
from uncollapse.measures.mutual_information_bound import RIDGE, bound_by_ratios
from uncollapse.vae import Gaussian, log_prior
from uncollapse.your_vae.latents.information_bounds import (
    FEWEST,
    Bounds,
    bound_by_information,
    take_gross,
    widen_mixture,
)

MOST_WORK = 8e9  # All pairs of examples cost this many operations at most, some seconds.
BLOCK = 2e6  # Numbers in memory at a time.


def find_full_kl(mu: Tensor, tril: Tensor) -> Tensor:
    """Return KL(q(z|x) || N(0, I)) in nats, (N,), for means (N, D) and triangles (N, D, D)."""
    squares = mu.square().sum(1) + tril.square().sum((1, 2)) - mu.shape[1]
    return 0.5 * squares - tril.diagonal(dim1=1, dim2=2).log().sum(1)


def count_affordable(count: int, latents: int) -> int:
    """Return how many of the examples are used for the information, at least two."""
    return max(2, min(count, int((MOST_WORK / latents / (latents + 30)) ** 0.5)))


def find_log_densities(mu: Tensor, tril: Tensor, z: Tensor) -> Tensor:
    """Return log q(z_m|x_n) in nats for all pairs, (M, N), for means (N, D) and z (M, D)."""
    constant = tril.diagonal(dim1=1, dim2=2).log().sum(1) + 0.5 * mu.shape[1] * math.log(2 * math.pi)
    eye = torch.eye(mu.shape[1], dtype=torch.float64)
    whitening = torch.linalg.solve_triangular(tril, eye.expand_as(tril), upper=False)
    size = max(1, int(BLOCK / z.numel()))
    squares = []
    for means, factors in zip(mu.split(size), whitening.split(size), strict=True):
        apart = z.unsqueeze(0) - means.unsqueeze(1)
        squares.append(torch.bmm(apart, factors.mT).square_().sum(2))
    return -0.5 * torch.cat(squares).T - constant


def find_own_log_densities(tril: Tensor, noise: Tensor) -> Tensor:
    """Return log q(z|x) in nats, (N,), of z = mu + L noise."""
    return log_prior(noise) - tril.diagonal(dim1=1, dim2=2).log().sum(1)


def draw_correlated(mu: Tensor, tril: Tensor, noise: Tensor) -> Tensor:
    """Return samples mu + L noise, (N, D)."""
    return mu + (tril @ noise.unsqueeze(2)).squeeze(2)


def estimate_full_mi(mu: Tensor, tril: Tensor, noise: Tensor) -> MutualInformation:
    """Return I_q(x, z) as `measures.mutual_information.estimate_mi` does, from one sample of each example."""
    z, count = draw_correlated(mu, tril, noise), len(mu)
    mixture = find_log_densities(mu, tril, z).logsumexp(1) - math.log(count)
    information = find_own_log_densities(tril, noise) - mixture
    marginal = float((mixture - log_prior(z)).mean())
    error = float(information.std()) / math.sqrt(count)
    return MutualInformation(float(information.mean()), error, math.log(count), marginal)


def bound_full_information(mu: Tensor, tril: Tensor, kl: Tensor, noise: Tensor) -> Bounds:
    """Return what `information_bounds.bound_information` does, for examples in random order.

    The densities are N(0, I), the mixture of all q(z|x), the Gaussian with the moments of q(z), and, for
    gross holes, kernel densities with independent dimensions.
    """
    if len(mu) < FEWEST:
        ratios = find_own_log_densities(tril, noise) - log_prior(draw_correlated(mu, tril, noise))
        return Bounds(*bound_by_ratios(ratios), -math.inf)
    train, other, test = [slice(*ends) for ends in find_fifths(len(mu))]
    z, own = draw_correlated(mu, tril, noise), find_own_log_densities(tril, noise)
    held = torch.cat([z[other], z[test]])
    count, cut = train.stop, other.stop - other.start
    mixture = find_log_densities(mu[train], tril[train], held).logsumexp(1) - math.log(count)
    densities = [log_prior(held), mixture, fit_moments(mu[train], tril[train], held)]
    marginals = Gaussian(mu[train], tril[train].square().sum(2).log())
    kernels = [log_prior(held), *(log_r(held) for log_r in widen_mixture(marginals))]
    found = []
    for candidates in (densities, kernels):
        best = min(candidates, key=lambda log_r: float((own[other] - log_r[:cut]).mean()))
        ratios = own[test] - best[cut:]
        found.append(Bounds(*bound_by_ratios(ratios), bound_by_information(kl[test], ratios)))
    return take_gross(*found, latents=mu.shape[1])


def find_fifths(count: int) -> list[tuple[int, int]]:
    """Return the ends of three fifths of the examples, of the fourth and of the last."""
    return [(0, 3 * count // 5), (3 * count // 5, 4 * count // 5), (4 * count // 5, count)]


def fit_moments(mu: Tensor, tril: Tensor, z: Tensor) -> Tensor:
    """Return the log density at z (M, D) of the Gaussian with the mean and covariance of q(z)."""
    mean = mu.mean(0)
    centred = mu - mean
    covariance = (centred.T @ centred) / len(mu) + torch.einsum("nij,nkj->ik", tril, tril) / len(mu)
    factor = torch.linalg.cholesky(covariance + RIDGE * covariance.diag().diag())
    white = torch.linalg.solve_triangular(factor, (z - mean).T, upper=False).T
    return log_prior(white) - factor.diag().log().sum()
