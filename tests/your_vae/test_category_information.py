"""What categorical variables tell about x, against closed forms and enumeration."""

import itertools

import numpy as np
import pytest
import torch
from torch import Tensor

import uncollapse
from uncollapse.your_vae.discrete.categories import diagnose_categories
from uncollapse.your_vae.discrete.category_information import (
    estimate_joint_information,
    estimate_marginal_entropies,
)


def entropy(shares: Tensor) -> float:
    return float(torch.special.entr(shares).sum())


def noisy_channel(symbols: Tensor, categories: int, error: float) -> Tensor:
    """q(z|x) of a channel that gives another of its symbols with the probability `error`."""
    wrong = error / (categories - 1)
    return wrong + (1 - error - wrong) * torch.nn.functional.one_hot(symbols, categories).double()


def channel_information(categories: int, error: float) -> float:
    """I(x; z) for symbols that are equally frequent (Cover and Thomas 2006, section 7.2)."""
    return float(np.log(categories)) - entropy(noisy_channel(torch.tensor(0), categories, error))


@pytest.mark.parametrize("categories", [2, 8])
@pytest.mark.parametrize("error", [0.05, 0.2])
def test_a_noisy_channel_has_its_closed_form(categories: int, error: float) -> None:
    p = noisy_channel(torch.arange(categories).repeat(2000 // categories), categories, error)
    found, exact = uncollapse.diagnose(p), channel_information(categories, error)
    assert found.mi == pytest.approx(exact, abs=2 * categories / 2000)
    assert found.kl == pytest.approx(exact, abs=1e-12)
    assert found.mi_interval[0] - 1e-9 <= exact <= found.mi_interval[1] + 1e-9
    assert found.entropy_per_variable[0] == pytest.approx(np.log(categories), abs=1e-3)
    assert found.marginal_kl_at_least < 0.01
    assert found.verdict == "healthy"


@pytest.mark.parametrize("n", [10, 100, 1000, 10_000])
def test_the_interval_holds_the_closed_form_at_every_batch_size(n: int) -> None:
    generator = torch.Generator().manual_seed(0)
    exact, held, bias = channel_information(8, 0.3), [], []
    for _ in range(40 if n < 10_000 else 5):
        p = noisy_channel(torch.randint(0, 8, (n,), generator=generator), 8, 0.3)
        found = uncollapse.diagnose(p)
        held.append(found.mi_interval[0] <= exact <= found.mi_interval[1])
        bias.append(found.mi - exact)
    assert np.mean(held) >= 0.9
    assert abs(np.mean(bias)) < 0.4 / n**0.5


def test_the_kl_is_the_information_and_the_distance_of_the_mean_to_the_prior() -> None:
    p = torch.randn(500, 3, 5, generator=torch.Generator().manual_seed(0)).mul(2).double().softmax(-1)
    prior = torch.tensor([0.4, 0.3, 0.1, 0.1, 0.1], dtype=torch.float64)
    mean = p.mean(0)
    for given in (None, prior):
        r = torch.full((5,), 0.2, dtype=torch.float64) if given is None else given
        kl = (p * (p / r).log()).sum(-1).mean(0)
        found = diagnose_categories("probabilities", p, given)
        assert found.kl_per_variable == pytest.approx(kl.numpy(), rel=1e-10)
        information = kl - (mean * (mean / r).log()).sum(-1)
        assert found.mi_per_variable == pytest.approx(information.numpy(), abs=0.01)


def test_the_jackknife_leaves_each_example_out() -> None:
    p = torch.rand(7, 2, 4, generator=torch.Generator().manual_seed(0)).double()
    p /= p.sum(-1, keepdim=True)
    found = estimate_marginal_entropies(p)
    for variable in range(2):
        own = p[:, variable]
        without = [entropy(own[torch.arange(7) != one].mean(0)) for one in range(7)]
        expected = 7 * entropy(own.mean(0)) - 6 * np.mean(without)
        assert float(found.value[variable]) == pytest.approx(expected)


@pytest.mark.parametrize("copies", [2, 3])
def test_what_variables_share_is_counted_once(copies: int) -> None:
    """Each variable is the same symbol through a channel of its own."""
    symbols = torch.randint(0, 4, (2000,), generator=torch.Generator().manual_seed(0))
    p = noisy_channel(symbols, 4, 0.2)[:, None].repeat(1, copies, 1)
    channel = noisy_channel(torch.arange(4), 4, 0.2)
    joint = 0.0
    for codes in itertools.product(range(4), repeat=copies):
        likelihoods = torch.stack([channel[:, code] for code in codes]).prod(0)
        joint += float((likelihoods / 4 * (likelihoods / likelihoods.mean()).log()).sum())
    found = uncollapse.diagnose(p)
    assert found.mi == pytest.approx(joint, abs=0.05)
    assert found.mi_interval[0] - 0.02 < joint < found.mi_interval[1] + 0.02
    assert found.mi_at_most >= joint
    assert found.mi_per_variable.sum() > joint + 0.2


def test_independent_variables_add_up_and_nothing_exceeds_the_logarithm_of_n() -> None:
    generator = torch.Generator().manual_seed(0)
    weak = torch.randn(1000, 3, 4, generator=generator).softmax(-1).double()
    found, error = estimate_joint_information(weak)
    assert found == pytest.approx(
        float(uncollapse.diagnose(weak).mi_per_variable.sum()), abs=3 * error + 0.02
    )
    strong = torch.randn(100, 50, 8, generator=generator).mul(4).softmax(-1).double()
    assert estimate_joint_information(strong)[0] == pytest.approx(np.log(100), abs=0.01)
