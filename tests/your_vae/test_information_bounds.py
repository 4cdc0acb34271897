"""Holes that means and variances do not show, found by a lower bound of KL(q(z) || p(z))."""

import math

import pytest
import torch
from torch import Tensor

import uncollapse
from uncollapse.vae import Gaussian
from uncollapse.your_vae.latents.information_bounds import bound_by_moments

COUNT = 2000


def stream() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def islands(variance: float) -> tuple[Tensor, Tensor]:
    """Return q(z|x) at one of 8 points whose 14 coordinates are 1 or -1, with the moments of the prior."""
    signs = torch.tensor([[1.0]])
    for _ in range(3):
        signs = torch.cat([torch.cat([signs, signs], 1), torch.cat([signs, -signs], 1)])
    balanced = signs[:, 1:].repeat(1, 2)
    points = balanced[torch.randint(8, (COUNT,), generator=stream())]
    return points * math.sqrt(1 - variance), torch.full_like(points, math.log(variance))


def curve(logvar: float) -> tuple[Tensor, Tensor]:
    """Return q(z|x) on a closed curve in 16 dimensions, each of mean 0 and variance 1."""
    angle = 2 * math.pi * torch.rand(COUNT, generator=stream())
    pairs = [torch.stack([(k * angle).cos(), (k * angle).sin()], 1) for k in range(1, 9)]
    mu = math.sqrt(2) * torch.cat(pairs, 1)
    return mu, torch.full_like(mu, logvar)


def channel(dimensions: int, share: float, count: int = COUNT) -> tuple[Tensor, Tensor]:
    """Return mu ~ N(0, share) and variance 1 - share, so that q(z) is the prior."""
    mu = math.sqrt(share) * torch.randn(count, dimensions, generator=stream())
    return mu, torch.full_like(mu, math.log(1 - share))


def test_islands_with_the_moments_of_the_prior_are_holes() -> None:
    """KL(q(z) || p(z)) is the KL minus the information, ln 8 for islands that do not touch."""
    mu, logvar = islands(0.02)
    q = Gaussian(mu.double(), logvar.double())
    assert bound_by_moments(q) < 0.1
    found = uncollapse.diagnose(mu, logvar)
    exact = found.kl - math.log(8)
    assert exact - 0.2 < found.marginal_kl_at_least < exact
    assert found.verdict.startswith(f"holes: q(z) is {found.marginal_kl_at_least:.4g} nats")


def test_a_closed_curve_is_a_hole() -> None:
    found = uncollapse.diagnose(*curve(-4.0))
    assert found.marginal_kl_at_least == pytest.approx(found.marginal_kl, rel=0.05)
    assert found.marginal_kl_at_least < found.marginal_kl
    assert found.verdict.startswith("holes")


@pytest.mark.parametrize(("dimensions", "share"), [(2, 0.9), (16, 0.5), (16, 0.9), (64, 0.3), (200, 0.5)])
def test_no_bound_is_above_the_zero_of_a_healthy_posterior(dimensions: int, share: float) -> None:
    found = uncollapse.diagnose(*channel(dimensions, share))
    assert found.marginal_kl_at_least < 0.001 * dimensions
    assert found.verdict == "healthy"


@pytest.mark.parametrize("logvar", [-8.0, -14.0, -40.0])
@pytest.mark.parametrize("full", [False, True])
def test_a_narrow_closed_curve_is_a_hole(logvar: float, full: bool) -> None:
    """Along a curve of length L, h(z) is ln L + 15/2 ln(2 pi e variance): KL(q(z) || p(z)) follows."""
    mu, logvars = curve(logvar)
    length = 2 * math.pi * math.sqrt(2 * sum(k**2 for k in range(1, 9)))
    entropy = math.log(length) + 7.5 * (math.log(2 * math.pi * math.e) + logvar)
    exact = 8 * (math.log(2 * math.pi) + 1 + math.exp(logvar)) - entropy
    covariance = math.exp(logvar) * (torch.eye(16) + 1e-3 * torch.ones(16, 16))
    given = torch.distributions.MultivariateNormal(mu, covariance_matrix=covariance.expand(COUNT, 16, 16))
    found = uncollapse.diagnose(given if full else mu, None if full else logvars)
    assert 0.4 * min(exact, 90) < found.marginal_kl_at_least < exact
    assert found.mi < math.log(length) - 0.5 * (math.log(2 * math.pi * math.e) + logvar) < found.mi_upper
    assert found.verdict.startswith("holes")


def test_few_examples_have_the_bound_of_the_moments_alone() -> None:
    mu, logvar = (array[:49] for array in curve(-4.0))
    found = uncollapse.diagnose(mu, logvar)
    assert found.marginal_kl_at_least == bound_by_moments(Gaussian(mu.double(), logvar.double()))
