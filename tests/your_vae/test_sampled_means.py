"""Samples of z in the place of means, and heads behind a relu, are in doubt; fixed variances are not."""

import math

import pytest
import torch
from torch import Tensor

import uncollapse

COUNT = 4000


def draw(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def make_posterior(alive: int, dead: int) -> tuple[Tensor, Tensor]:
    """Return mu and logvar of Gaussian channels of variance 0.1, and of dimensions that have collapsed."""
    mu, logvar = torch.zeros(COUNT, alive + dead), torch.zeros(COUNT, alive + dead)
    mu[:, :alive], logvar[:, :alive] = math.sqrt(0.9) * draw(COUNT, alive), math.log(0.1)
    return mu, logvar


@pytest.mark.parametrize("alive", [0, 4])
def test_samples_in_the_place_of_means_are_in_doubt(alive: int) -> None:
    mu, logvar = make_posterior(alive, 6)
    logvar = logvar + 1e-3 * draw(COUNT, alive + 6)
    generator = torch.Generator().manual_seed(1)
    z = mu + (logvar / 2).exp() * torch.randn(mu.shape, generator=generator)
    found, spread = uncollapse.diagnose(z, logvar), float(z[:, alive:].var(0).mean())
    assert found.verdict == (
        f"in doubt: mu looks like samples of z: where q(z|x) is as wide as the prior, in 6 of {alive + 6} "
        f"dimensions, mu should be nearly constant, but it has a variance of {spread:.2f}; "
        "hand over the mean of q(z|x)"
    )
    expected = "partly collapsed: 4 of 10" if alive else "collapsed"
    assert uncollapse.diagnose(mu, logvar).verdict.startswith(expected)


def test_wide_posteriors_with_means_of_a_net_are_not_in_doubt() -> None:
    """Neither a variance fixed to 1, nor means that are functions of a few numbers, as behind batch norm."""
    mu = draw(COUNT, 8)
    assert "in doubt" not in uncollapse.diagnose(mu, torch.zeros_like(mu)).verdict
    logvar = 1e-3 * draw(COUNT, 8).flip(0)
    hidden = torch.nn.functional.normalize(mu[:, :2] @ draw(2, 8), dim=0) * math.sqrt(COUNT)
    assert "in doubt" not in uncollapse.diagnose(hidden, logvar).verdict
    uniform = math.sqrt(12) * (torch.rand(mu.shape, generator=torch.Generator().manual_seed(0)) - 0.5)
    assert "in doubt" not in uncollapse.diagnose(uniform, logvar).verdict
    assert "in doubt" not in uncollapse.diagnose(mu, logvar, prior=(0.0 * mu, math.log(2) + 0.0 * mu)).verdict


def test_log_variances_behind_a_relu_are_in_doubt() -> None:
    mu, head = draw(COUNT, 10), draw(COUNT, 10).flip(0) - 1
    zeros = float((head <= 0).float().mean())
    assert uncollapse.diagnose(mu, torch.relu(head)).verdict == (
        f"in doubt: no logvar is below 0, and {100 * zeros:.3g} % are exactly 0, as behind a relu; logvar "
        "needs a linear layer without an activation"
    )


def test_means_behind_a_relu_beside_log_variances_of_zero_are_in_doubt() -> None:
    mu = torch.relu(draw(COUNT, 10))
    found = uncollapse.diagnose(mu, torch.zeros_like(mu))
    zeros = float((mu == 0).float().mean())
    assert found.verdict.startswith(
        f"in doubt: every logvar is exactly 0, no mu is below 0, and {100 * zeros:.3g} % of them are exactly"
    )
    assert uncollapse.diagnose(0 * mu, 0 * mu).verdict == "collapsed"
    assert uncollapse.diagnose(mu - 0.5, 0 * mu).verdict.startswith("healthy")
