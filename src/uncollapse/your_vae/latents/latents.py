"""Latents beside their prior, whatever that is: what the measures of a diagnosis need."""

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from uncollapse.measures.mutual_information import MutualInformation, estimate_mi
from uncollapse.measures.mutual_information_bound import bound_by_ratios
from uncollapse.vae import Gaussian
from uncollapse.your_vae.handed_over.encodings import Encodings
from uncollapse.your_vae.latents.full_covariance import (
    bound_full_information,
    count_affordable,
    draw_correlated,
    estimate_full_mi,
    find_full_kl,
    find_own_log_densities,
)
from uncollapse.your_vae.latents.information_bounds import Bounds, bound_by_moments, bound_information
from uncollapse.your_vae.latents.layout import Layout
from uncollapse.your_vae.latents.prior import (
    DENSITY,
    GAUSSIAN,
    LogDensity,
    evaluate_log_density,
    read_prior,
    standardise,
    whiten,
)

MOST_EXAMPLES = 10_000  # The time that the mutual information takes grows with the square of their number.
DRAWS = 20_000  # This many samples of z, or a few for each example, are drawn for a KL by samples.


@dataclass(frozen=True)
class Latents:
    """Latents of N examples and D dimensions, beside their prior.

    Where `gaussian`, the coordinates of `q` and of the triangles `tril` (N, D, D) of full covariances are
    such that the prior is N(0, I). `kl` (N, D) has the KL of each dimension and `kl_of_examples` (N,) the
    whole KL, in nats. `prior` says in words what the prior is, if it was handed over. With a layout, the
    columns stand by channel and place, and `exists` (N, D) is False at padding. `kl_of_levels` (N, L) is the
    KL of each level of a hierarchy, and `sizes` are their numbers of dimensions. A density that is not
    `shared` differs from example to example.
    """

    q: Gaussian
    kl: Tensor
    kl_of_examples: Tensor
    tril: Tensor | None = None
    prior: str | None = None
    gaussian: bool = True
    exists: Tensor | None = None
    layout: Layout | None = None
    kl_of_levels: Tensor | None = None
    sizes: tuple[int, ...] = ()
    shared: bool = True

    def take(self, rows: Tensor) -> "Latents":
        """Return the latents of some of the examples."""
        layout = self.layout and replace(self.layout, exists=self.layout.exists[rows])
        tensors = {name: value[rows] for name, value in vars(self).items() if isinstance(value, Tensor)}
        q = Gaussian(self.q.mu[rows], self.q.logvar[rows])
        return replace(self, q=q, layout=layout, **tensors)


def compare_to_prior(encodings: Encodings, prior: Any = None) -> Latents:
    """Return encodings beside their prior, which is N(0, I) or one that `prior.read_prior` takes.

    For a Gaussian prior the latents are the whitened ones. For any other prior there is no KL of a single
    dimension, because its dimensions may depend on each other: `kl` is then KL(q(z_i|x) || r_i) for the
    Gaussian r_i with the mean and the variance of q(z_i), and `kl_of_examples` is a mean over samples of z.
    """
    known = read_prior(prior, encodings)
    if known is None or isinstance(known, Gaussian):
        white = encodings if known is None else whiten(encodings, known)
        kl = white.q.kl()
        whole = kl.sum(1) if white.tril is None else find_full_kl(white.mu, white.tril)
        return Latents(white.q, kl, whole, white.tril, None if known is None else GAUSSIAN)
    kl = standardise(encodings).q.kl()
    whole, shared = sample_kl(encodings, known), is_shared(known, encodings)
    return Latents(encodings.q, kl, whole, encodings.tril, DENSITY, False, shared=shared)


@torch.no_grad()
def sample_kl(encodings: Encodings, log_density: LogDensity) -> Tensor:
    """Return the mean over samples z ~ q(z|x) of log q(z|x) - log p(z) in nats, (N,), of each example."""
    generator = torch.Generator().manual_seed(1)
    q, tril, count = encodings.q, encodings.tril, max(4, min(50, DRAWS // len(encodings)))
    total = torch.zeros(len(encodings), dtype=torch.float64)
    for _ in range(count):
        noise = torch.randn(q.mu.shape, generator=generator, dtype=torch.float64)
        z = q.sample(noise) if tril is None else draw_correlated(q.mu, tril, noise)
        own = q.log_prob(z) if tril is None else find_own_log_densities(tril, noise)
        total += own - evaluate_log_density(log_density, z.unflatten(1, encodings.shape))
    return total / count


def is_shared(log_density: LogDensity, encodings: Encodings) -> bool:
    """Return whether log p(z) of some z of q(z|x) does not depend on which example it belongs to."""
    z = (encodings.mu + (encodings.logvar / 2).exp()).unflatten(1, encodings.shape)
    values, turned = evaluate_log_density(log_density, z), evaluate_log_density(log_density, z.flip(0))
    return torch.allclose(values, turned.flip(0), rtol=1e-4, atol=1e-4)


def cap_by_kl(bounds: Bounds, kl: Tensor) -> Bounds:
    """Return bounds whose upper one is at most the mean KL, for `kl` (N,) to a prior that all share."""
    upper, error = bound_by_ratios(kl)
    return bounds._replace(mi_upper=upper, standard_error=error) if upper < bounds.mi_upper else bounds


def find_information(latents: Latents, order: Tensor, noise: Tensor) -> tuple[MutualInformation, Bounds]:
    """Return the information of x and z, and bounds, from the first examples of a random order.

    The standard normal `noise` has one row for each example that is used, (M, D).
    """
    chosen = latents.take(order[: len(noise)])
    if chosen.tril is None:
        information = estimate_mi(chosen.q, noise)
        bounds = bound_information(chosen.q, chosen.kl_of_examples, noise)
    else:
        information = estimate_full_mi(chosen.q.mu, chosen.tril, noise.double())
        bounds = bound_full_information(chosen.q.mu, chosen.tril, chosen.kl_of_examples, noise.double())
    if not latents.gaussian:
        if latents.shared:
            bounds = cap_by_kl(bounds, latents.kl_of_examples)
        marginal = float(chosen.kl_of_examples.mean()) - information.mi
        return information._replace(marginal_kl=marginal), bounds
    at_least = max(bound_by_moments(latents.q), bounds.marginal_kl_at_least)
    return information, bounds._replace(marginal_kl_at_least=at_least)


def count_used(latents: Latents) -> int:
    """Return how many examples the information is measured on."""
    count = min(len(latents.kl), MOST_EXAMPLES)
    return count if latents.tril is None else count_affordable(count, latents.kl.shape[1])
