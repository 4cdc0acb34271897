"""Mutual information against closed forms, brute force and its own laws."""

import math

import numpy as np
import pytest
import torch
from scipy import stats

from uncollapse.measures.mutual_information import estimate_mi, estimate_mi_in_batches, log_mixture
from uncollapse.vae import Gaussian


def stream() -> torch.Generator:
    return torch.Generator().manual_seed(1)


def normal(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=stream())


def test_mi_of_a_gaussian_channel() -> None:
    """mu ~ N(0, s^2) and q(z|x) = N(mu, 1 - s^2): I = -1/2 ln(1 - s^2) a dimension."""
    s2, dimensions, count = 0.6, 2, 8000
    mu = math.sqrt(s2) * torch.randn(count, dimensions, generator=torch.Generator().manual_seed(2))
    q = Gaussian(mu, torch.full_like(mu, math.log(1 - s2)))
    got = estimate_mi(q, normal(count, dimensions))
    assert got.mi == pytest.approx(-0.5 * math.log(1 - s2) * dimensions, abs=4 * got.standard_error + 0.01)
    assert got.cap == math.log(count)


def test_mi_of_two_clusters_is_ln_2() -> None:
    mu = torch.tensor([[-20.0], [20.0]]).repeat(1000, 3)
    got = estimate_mi(Gaussian(mu, torch.zeros_like(mu)), normal(2000, 3))
    assert got.mi == pytest.approx(math.log(2), abs=1e-3)


def test_mi_is_zero_where_z_does_not_depend_on_x() -> None:
    """KL(q(z)||p(z)) is all of the KL there: (1 + 2 - 1 - ln 2) / 2 a dimension for N(1, 2)."""
    zero = estimate_mi(Gaussian(torch.ones(500, 4), torch.full((500, 4), math.log(2))), normal(64, 500, 4))
    assert zero.mi == pytest.approx(0, abs=1e-9)
    assert zero.standard_error == pytest.approx(0, abs=1e-9)
    assert zero.marginal_kl == pytest.approx(4 * (2 - math.log(2)) / 2, rel=0.02)
    assert not zero.saturated


def test_mi_is_ln_n_where_every_x_has_its_own_place() -> None:
    own = estimate_mi(Gaussian(50.0 * torch.arange(500.0).unsqueeze(1), torch.zeros(500, 1)), normal(500, 1))
    assert own.mi == pytest.approx(math.log(500), abs=1e-6)
    assert own.mi <= own.cap + 1e-6
    assert own.saturated


def channel(count: int, dimensions: int, s2: float) -> Gaussian:
    """mu ~ N(0, s^2) and q(z|x) = N(mu, 1 - s^2), so that q(z) = p(z): I = kl = -1/2 ln(1 - s^2) a
    dimension."""
    mu = math.sqrt(s2) * torch.randn(count, dimensions, generator=torch.Generator().manual_seed(2))
    return Gaussian(mu, torch.full_like(mu, math.log(1 - s2)))


def test_mi_converges_to_the_channels_as_the_points_grow() -> None:
    exact = -0.5 * math.log(1 - 0.6) * 4
    wrong = [abs(estimate_mi(channel(n, 4, 0.6), normal(8, n, 4)).mi - exact) for n in (50, 500, 5000)]
    assert wrong[2] < 0.03
    assert wrong == sorted(wrong, reverse=True)


def test_more_samples_bring_the_same_value_more_surely() -> None:
    """The error of the mean over points has a part from the points, that stays, and one from the samples,
    that goes."""
    q = channel(1000, 3, 0.5)
    few, many = (
        [
            estimate_mi(q, torch.randn(s, 1000, 3, generator=torch.Generator().manual_seed(100 + i))).mi
            for i in range(20)
        ]
        for s in (1, 16)
    )
    assert np.std(many) == pytest.approx(np.std(few) / 4, rel=0.6)
    assert np.mean(few) == pytest.approx(np.mean(many), abs=4 * np.std(few) / math.sqrt(20))


def test_mi_and_the_marginal_kl_add_up_to_the_kl() -> None:
    q = Gaussian(2 * normal(400, 3), torch.randn(400, 3, generator=torch.Generator().manual_seed(5)) - 1)
    got = estimate_mi(q, normal(200, 400, 3))
    assert got.mi + got.marginal_kl == pytest.approx(float(q.kl().sum(1).mean()), rel=5e-3)
    assert got.marginal_kl > 0


@pytest.mark.parametrize(
    ("scale", "shift", "logvar"), [(1, 0, -35), (1e3, 0, -40), (1, 1e3, -22), (1, 0, -25)]
)
def test_narrow_posteriors_each_have_their_own_place(scale: float, shift: float, logvar: float) -> None:
    mu = shift + scale * normal(500, 3)
    got = estimate_mi(Gaussian(mu, torch.full_like(mu, logvar)), normal(500, 3) + 1)
    assert got.mi == pytest.approx(math.log(500), abs=1e-6)
    assert got.mi <= got.cap + 1e-12


def test_the_value_in_batches_has_each_batch_for_its_mixture() -> None:
    q, noise = channel(70, 4, 0.9), normal(70, 4)
    parts = [slice(0, 32), slice(32, 64), slice(64, 70)]
    each = [estimate_mi(Gaussian(q.mu[part], q.logvar[part]), noise[part]).mi for part in parts]
    assert estimate_mi_in_batches(q, noise, 32) == pytest.approx(np.average(each, weights=[32, 32, 6]))
    assert estimate_mi_in_batches(q, noise, 32) < math.log(32) < estimate_mi(q, noise).mi
    assert estimate_mi_in_batches(q, noise, 70) == pytest.approx(estimate_mi(q, noise).mi)


def test_the_mixture_agrees_with_brute_force_in_float64() -> None:
    q = Gaussian(3 * normal(300, 5), normal(300, 5))
    z = normal(40, 5) * 4
    q, z = Gaussian(q.mu.double(), q.logvar.double()), z.double()
    each = stats.norm.logpdf(z.numpy()[:, None], q.mu.numpy(), np.exp(q.logvar.numpy() / 2)).sum(-1)
    brute = np.logaddexp.reduce(each, axis=1) - math.log(300)
    for chunk in (1, 7, 40, 128):
        assert np.allclose(log_mixture(q, z, chunk=chunk).numpy(), brute, atol=1e-9, rtol=1e-9)
