"""Posteriors so narrow that the quadratic form cancels: the pairs that count are computed as they stand."""

import math

import pytest
import torch
from torch import Tensor

from uncollapse.measures.mutual_information import SHARP, estimate_mi, log_mixture, recompute_near_pairs
from uncollapse.vae import Gaussian

COUNT = 120


def compute_directly(q: Gaussian, z: Tensor) -> Tensor:
    """Return the log of the mixture from the differences of all pairs."""
    return q.log_prob(z.unsqueeze(1)).logsumexp(1) - math.log(len(q.mu))


def place(kind: str, latents: int, logvar: float, stream: torch.Generator) -> Gaussian:
    """Return posteriors whose means lie apart, in groups, in touching pairs, or nearly all in one place."""
    mu = 5 * torch.randn(COUNT, latents, generator=stream, dtype=torch.float64)
    width = torch.randn(mu.shape, generator=stream, dtype=torch.float64) * math.exp(logvar / 2)
    spread = torch.full_like(mu, logvar)
    if kind == "groups":
        mu = mu[torch.arange(COUNT) % 4]
    if kind == "pairs":
        mu = mu[torch.arange(COUNT) // 2] + width
    if kind == "one place":
        mu = torch.where(torch.arange(COUNT).unsqueeze(1) > 0, 5 + 3 * width, mu - 1000)
    if kind == "wide and narrow":
        spread = torch.where(torch.rand(mu.shape, generator=stream) < 0.5, spread, -1.0)
    return Gaussian(mu - mu.mean(0), spread)


@pytest.mark.parametrize("latents", [1, 6, 300])
@pytest.mark.parametrize("logvar", [-20.0, -40.0, -80.0])
@pytest.mark.parametrize("kind", ["apart", "groups", "pairs", "one place", "wide and narrow"])
def test_the_mixture_agrees_with_the_differences(kind: str, latents: int, logvar: float) -> None:
    stream = torch.Generator().manual_seed(0)
    q = place(kind, latents, logvar, stream)
    assert float((q.mu.square() / q.logvar.exp()).sum(1).max()) > SHARP
    noise = torch.randn(q.mu.shape, generator=stream, dtype=torch.float64)
    for z in (q.sample(noise), 5 * noise):
        expected = compute_directly(q, z)
        assert log_mixture(q, z).numpy() == pytest.approx(expected.numpy(), rel=1e-12, abs=1e-6)


def test_two_examples_in_one_place_share_it() -> None:
    """I = ln (N / 2), in as many dimensions as the latents of a latent diffusion model have."""
    stream = torch.Generator().manual_seed(0)
    mu = 5 * torch.randn(50, 4000, generator=stream).repeat(2, 1)
    found = estimate_mi(Gaussian(mu, torch.full_like(mu, -20.0)), torch.randn(mu.shape, generator=stream))
    assert found.mi == pytest.approx(math.log(50), abs=1e-6)


def test_of_examples_that_lie_apart_only_the_own_pair_is_computed_again() -> None:
    """So narrow posteriors take little longer than wide ones."""
    stream = torch.Generator().manual_seed(0)
    q = place("apart", 300, -20.0, stream)
    z = q.sample(torch.randn(q.mu.shape, generator=stream, dtype=torch.float64))
    pairs, size = q.log_prob(z.unsqueeze(1)), (q.mu.square() / q.logvar.exp()).sum(1)
    recompute_near_pairs(pairs, q, z, size)
    assert torch.equal(pairs.isfinite(), torch.eye(COUNT, dtype=torch.bool))
