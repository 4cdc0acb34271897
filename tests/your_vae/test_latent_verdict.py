"""The words of a verdict: what z tells about x stands in them beside the KL."""

import math

import pytest
import torch

import uncollapse
from uncollapse.your_vae.latents.latent_verdict import COLLAPSE_EPS


def stream() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.mark.parametrize(("dimensions", "word"), [(64, "partly collapsed"), (16, "partly collapsed")])
def test_many_dimensions_below_the_threshold_may_tell_much_together(dimensions: int, word: str) -> None:
    """Each dimension has 0.09 nats for every example: half a bit of a coin that is thrown for it."""
    mu = 0.42 * (2.0 * torch.randint(2, (3000, dimensions), generator=stream()) - 1)
    found = uncollapse.diagnose(mu, torch.zeros_like(mu))
    assert found.collapse_thresholds.max() < COLLAPSE_EPS
    assert found.kl == pytest.approx(dimensions * 0.42**2 / 2)
    assert found.mi > 0.8 * found.kl
    assert found.verdict == (
        f"{word}: no dimension has 0.1 nats, but all {dimensions} together tell {found.mi:.2f} nats about x, "
        f"of a KL of {found.kl:.2f}"
    )


@pytest.mark.parametrize("count", [200, 2000])
def test_a_kl_that_all_examples_share_tells_nothing(count: int) -> None:
    """Each of 32 dimensions is below the threshold, all q(z|x) are alike, and away from the prior."""
    mu = 0.4 + 1e-3 * torch.randn(count, 32, generator=stream())
    assert uncollapse.diagnose(mu, torch.full((count, 32), -0.2)).verdict == (
        "collapsed: a KL of 2.86 nats, but z tells nothing about x (mutual information 0.00 nats)"
    )


def test_a_collapse_without_a_kl_is_one_word() -> None:
    mu = 1e-3 * torch.randn(2000, 32, generator=stream())
    assert uncollapse.diagnose(mu, torch.zeros_like(mu)).verdict == "collapsed"


@pytest.mark.parametrize("dead", [0, 4])
def test_a_kl_of_which_z_tells_less_than_half_is_told(dead: int) -> None:
    """15 dimensions are alike for all x, as with delta-VAE; one is a channel of 0.8 nats."""
    mu = torch.zeros(4000, 16 + dead)
    logvar = torch.zeros_like(mu)
    logvar[:, :15] = -0.72
    share = 1 - math.exp(-2 * 0.8)
    mu[:, 15], logvar[:, 15] = math.sqrt(share) * torch.randn(4000, generator=stream()), math.log(1 - share)
    found = uncollapse.diagnose(mu, logvar)
    assert found.mi == pytest.approx(0.8, abs=0.05)
    assert found.marginal_kl_at_least < 0.1 * found.d
    most = found.mi_upper + 3 * found.mi_upper_standard_error
    words = f"z tells at most {most:.2f} of the {found.kl:.2f} nats of its KL about x"
    first = "partly collapsed: 16 of 20 dimensions carry 100 % of the KL" if dead else "healthy"
    assert found.verdict.startswith(f"{first}, but {words}")


def test_information_at_its_cap_is_a_least_value() -> None:
    """Of 160 dimensions of 0.09 nats, 100 examples show nearly all of the ln 100 that they can show."""
    mu = 0.42 * (2.0 * torch.randint(2, (100, 8, 20), generator=stream()) - 1)
    found = uncollapse.diagnose(mu, torch.zeros_like(mu))
    assert found.mi > found.mi_cap - 0.5
    assert f"together tell at least {found.mi:.2f} nats about x" in found.verdict


def test_a_healthy_posterior_is_one_word() -> None:
    """Also where the mutual information is far below the KL only because it is at its cap."""
    for share, dimensions in ((0.5, 16), (0.9, 64)):
        mu = math.sqrt(share) * torch.randn(1000, dimensions, generator=stream())
        found = uncollapse.diagnose(mu, torch.full_like(mu, math.log(1 - share)))
        assert found.verdict == "healthy"
    assert found.mi < 0.2 * found.kl
