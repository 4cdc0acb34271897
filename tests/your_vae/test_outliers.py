"""An example that has most of the KL is named, in place of what it makes of all others."""

import re

import pytest
import torch
from torch import Tensor

import uncollapse
from uncollapse.vae import Gaussian
from uncollapse.your_vae.latents.information_bounds import bound_by_moments


def healthy() -> tuple[Tensor, Tensor]:
    """Return a posterior of 2,000 examples and 8 dimensions that is near the prior."""
    stream = torch.Generator().manual_seed(0)
    return 0.8 * torch.randn(2000, 8, generator=stream), torch.randn(2000, 8, generator=stream) - 1


@pytest.mark.parametrize("logvar", [10.0, 20.0, 80.0])
def test_a_logvar_without_bounds_is_named_and_no_hole(logvar: float) -> None:
    mu, spread = healthy()
    assert uncollapse.diagnose(mu, spread).outliers is None
    spread[7, 3] = logvar
    assert bound_by_moments(Gaussian(mu.double(), spread.double())) > 0.8
    found = uncollapse.diagnose(mu, spread)
    assert re.fullmatch(
        rf"in doubt: example 7 has [0-9.]+ % of the KL: its logvar is {logvar:g} in dimension 3; clamp logvar"
        "; the others alone: healthy",
        found.verdict,
    )
    assert found.verdict == f"in doubt: {found.outliers}"


def test_the_share_is_that_of_the_sum() -> None:
    mu, spread = healthy()
    spread[0, 0] = 9.5
    kl = 0.5 * (mu.double() ** 2 + spread.double().exp() - 1 - spread.double()).sum(1)
    share = 100 * float(kl[0] / kl.sum())
    assert f"example 0 has {share:.3g} % of the KL" in uncollapse.diagnose(mu, spread).verdict


def test_a_mean_far_away_is_an_example_to_look_at() -> None:
    mu, spread = healthy()
    mu[1999, 0] = 1000.0
    assert uncollapse.diagnose(mu, spread).verdict.startswith(
        "in doubt: example 1999 has 98 % of the KL: its mu is 1000 in dimension 0; look at that example"
    )


def test_up_to_one_example_in_a_hundred_is_an_exception() -> None:
    mu, spread = healthy()
    spread[:20, 2] = 18.0
    assert uncollapse.diagnose(mu, spread).verdict.startswith("in doubt: 20 of 2000 examples have 99.9 % of")
    spread[:60, 2] = 18.0
    assert uncollapse.diagnose(mu, spread).verdict.startswith("holes")


def test_the_others_may_have_collapsed() -> None:
    mu = 0.001 * torch.randn(2000, 5, generator=torch.Generator().manual_seed(0))
    mu[3, 1] = 200.0
    assert uncollapse.diagnose(mu, torch.zeros(2000, 5)).verdict.endswith("; the others alone: collapsed")


@pytest.mark.parametrize("count", [2, 10, 19])
def test_one_of_few_examples_is_no_exception(count: int) -> None:
    mu, spread = (array[:count] for array in healthy())
    mu[0] = 100.0
    assert uncollapse.diagnose(mu, spread).outliers is None
