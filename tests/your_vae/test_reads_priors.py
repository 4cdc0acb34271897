"""A prior may be handed over in every sensible form, or left out."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from linear_model import make_model
from torch import Tensor
from torch.distributions import Categorical, Independent, MultivariateNormal, Normal

import uncollapse

MODEL = make_model(4, 2)
X, Z = MODEL.draw(300, 3)
FOUND = uncollapse.reads(MODEL.nll, X, Z)
EXACT = MODEL.exact()[2]
PRIORS: list[Callable[[], Any]] = [
    lambda: None,
    lambda: Normal(0, 1),
    lambda: Normal(torch.zeros(2), torch.ones(2)),
    lambda: Independent(Normal(torch.zeros(300, 2), 1), 1),
    lambda: MultivariateNormal(torch.zeros(2), torch.eye(2)),
    lambda: torch.randn(300, 2),
    lambda: np.random.default_rng(0).normal(size=(400, 2)),
    lambda: (torch.zeros(300, 2), torch.zeros(300, 2)),
    lambda: (np.zeros(2), np.zeros(2)),
    lambda: lambda n: torch.randn(n, 2),
    lambda: Sampler(),
]


class Sampler:
    """A flow with a method `sample`."""

    def sample(self, count: int) -> Tensor:
        return torch.randn(count, 2)


@pytest.mark.parametrize("make", PRIORS)
def test_a_prior_may_come_in_many_forms(make: Callable[[], Any]) -> None:
    state = torch.get_rng_state()
    found = uncollapse.reads(MODEL.nll, X, Z, prior=make())
    assert found.prior is not None
    assert found.prior_low - 0.2 <= EXACT <= found.prior_high + 0.2
    assert found.other == FOUND.other
    if make in PRIORS[:2]:
        assert torch.equal(torch.get_rng_state(), state)
        assert uncollapse.reads(MODEL.nll, X, Z, prior=make()) == found


def test_a_conditional_prior_that_is_the_posterior_costs_nothing() -> None:
    mean, logvar = X @ MODEL.encoder.T, torch.full((300, 2), float(np.log(MODEL.v)))
    found = uncollapse.reads(MODEL.nll, X, Z, prior=(mean, logvar))
    assert found.prior == pytest.approx(0, abs=0.2)
    assert found.answer == "reads"


def test_a_prior_can_be_left_out() -> None:
    found = uncollapse.reads(MODEL.nll, X, Z, prior=False)
    assert (found.prior, found.prior_low, found.prior_high, found.prior_missing) == (None, None, None, None)
    assert "prior" not in found.verdict


def test_codes_get_a_prior_only_if_one_is_given() -> None:
    codes = torch.randint(0, 8, (300,), generator=torch.Generator().manual_seed(0))
    book = torch.randn(8, 4, generator=torch.Generator().manual_seed(1))
    x = book[codes] + 0.3 * torch.randn(300, 4, generator=torch.Generator().manual_seed(2))

    def nll(x: Tensor, z: Tensor) -> Tensor:
        return (x - book[z]).square().sum(1) / (2 * 0.3**2)

    found = uncollapse.reads(nll, x, codes)
    assert found.prior is None
    assert found.verdict.startswith("reads z")
    assert "z holds whole numbers" in found.verdict
    chosen = uncollapse.reads(nll, x, codes, prior=Categorical(torch.ones(8)))
    assert chosen.prior == pytest.approx(chosen.other, rel=0.3)
    assert uncollapse.reads(lambda x, z: nll(x, torch.as_tensor(z)), x, codes.numpy()) == found
