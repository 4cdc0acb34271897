"""The information of each dimension against closed forms, quadrature and its own laws."""

import math

import numpy as np
import pytest
import torch
from scipy import integrate, stats

from uncollapse.measures.information_per_dimension import estimate_per_dimension
from uncollapse.measures.mutual_information import estimate_mi
from uncollapse.vae import Gaussian


def normal(*shape: int, seed: int = 1) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def channels(count: int, gains: list[float], deviation: float) -> tuple[Gaussian, np.ndarray]:
    """x_i ~ N(0, 1) and z_i|x ~ N(a_i x_i, s^2): I = 1/2 ln(1 + a_i^2 / s^2)."""
    a = torch.tensor(gains)
    mu = a * normal(count, len(gains), seed=2)
    q = Gaussian(mu, torch.full_like(mu, 2 * math.log(deviation)))
    return q, 0.5 * np.log1p(np.square(gains) / deviation**2)


def test_the_information_of_gaussian_channels() -> None:
    """An x that is rare lowers the estimate by up to the number of components it stands alone with: 0.01."""
    q, exact = channels(4000, [0.0, 0.2, 0.5, 1.0, 3.0, 10.0], 0.7)
    got = estimate_per_dimension(q, normal(1, 4000, 6))
    assert (np.abs(got.information.numpy() - exact) <= 4 * got.standard_error.numpy() + 0.01).all()
    assert float(got.standard_error.max()) < 0.02


def test_the_standard_error_is_that_of_other_samples_and_points() -> None:
    runs = []
    for seed in range(40):
        mu = normal(300, 1, seed=10 + seed)
        runs.append(estimate_per_dimension(Gaussian(mu, torch.zeros_like(mu)), normal(1, 300, 1, seed=seed)))
    values, errors = (np.array([float(part) for part in parts]) for parts in zip(*runs, strict=True))
    assert errors.mean() == pytest.approx(values.std(), rel=0.4)


def test_a_posterior_that_is_the_same_for_every_x_has_no_information() -> None:
    """Whatever its KL is."""
    q = Gaussian(torch.full((500, 2), 3.0), torch.tensor([-4.0, 0.5]).repeat(500, 1))
    assert float(q.kl().mean(0).min()) > 4
    got = estimate_per_dimension(q, normal(2, 500, 2))
    assert got.information.numpy() == pytest.approx([0, 0], abs=1e-12)
    assert got.standard_error.numpy() == pytest.approx([0, 0], abs=1e-12)


def test_the_information_is_the_entropies_by_quadrature() -> None:
    """H(z) - H(z|x) of a mixture of 40 unlike components."""
    mu, logvar = 2 * normal(40, 1), normal(40, 1, seed=3) - 1
    grid = np.linspace(-15, 15, 20_001)
    density = stats.norm.pdf(grid, mu.numpy(), np.exp(0.5 * logvar.numpy())).mean(0)
    entropy = -integrate.trapezoid(density * np.log(np.maximum(density, 1e-300)), grid)
    conditional = 0.5 * (math.log(2 * math.pi * math.e) + float(logvar.mean()))
    got = estimate_per_dimension(Gaussian(mu, logvar), normal(20_000, 40, 1))
    assert float(got.information) == pytest.approx(entropy - conditional, abs=0.005)


@pytest.mark.parametrize(("scale", "shift"), [(1.0, 1e3), (1e3, 0.0), (1e-4, 5.0), (-1.0, 0.0)])
def test_shift_and_scale_change_nothing(scale: float, shift: float) -> None:
    mu, logvar, noise = normal(300, 2).double(), normal(300, 2, seed=3).double(), normal(2, 300, 2, seed=4)
    one = estimate_per_dimension(Gaussian(mu, logvar), noise)
    other = estimate_per_dimension(
        Gaussian(scale * mu + shift, logvar + 2 * math.log(abs(scale))), math.copysign(1, scale) * noise
    )
    assert one.information.numpy() == pytest.approx(other.information.numpy(), abs=1e-6)


def test_independent_dimensions_add_up_to_the_mutual_information() -> None:
    """Every value of one dimension beside every value of the other."""
    one, two = normal(50, seed=2), 2 * normal(50, seed=3)
    mu = torch.cartesian_prod(one, two)
    q, noise = Gaussian(mu, torch.zeros_like(mu)), normal(4, 2500, 2)
    whole = estimate_mi(q, noise).mi
    assert float(estimate_per_dimension(q, noise).information.sum()) == pytest.approx(whole, abs=1e-6)


@pytest.mark.parametrize("logvar", [0.0, -20.0, -40.0])
def test_no_dimension_has_more_than_ln_n(logvar: float) -> None:
    mu = torch.stack([100 * torch.arange(200.0), normal(200)], 1)
    got = estimate_per_dimension(Gaussian(mu, torch.full_like(mu, logvar)), normal(1, 200, 2))
    assert float(got.information.max()) <= math.log(200) + 1e-9
    assert float(got.information[0]) == pytest.approx(math.log(200), abs=1e-6)


def test_a_few_points_are_compared_with_the_mixture_of_all() -> None:
    q, exact = channels(3000, [1.0], 1.0)
    got = estimate_per_dimension(q, normal(1, 1000, 1))
    assert float(got.information) == pytest.approx(float(exact[0]), abs=4 * float(got.standard_error) + 0.01)
    with pytest.raises(RuntimeError):
        estimate_per_dimension(q, normal(1, 3001, 1))
