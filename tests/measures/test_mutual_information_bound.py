"""The upper bound of the mutual information: closed forms, other densities, and data that are hard to fit."""

import math

import numpy as np
import pytest
import torch
from scipy import integrate, stats

from uncollapse.measures.mutual_information import estimate_mi
from uncollapse.measures.mutual_information_bound import bound_by_density, bound_mi, fit_densities
from uncollapse.pipeline.calibration import LATENT_COUNT, SPECTRUM
from uncollapse.vae import Gaussian


def normal(*shape: int, seed: int = 1) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def linear_model(seed: int, count: int) -> tuple[list[Gaussian], float]:
    """q(z|x) = N(A x, diag v) of x ~ N(0, diag SPECTRUM), for three parts of data, with A and v at random;
    and I = 1/2 ln det(A SPECTRUM A' + diag v) - 1/2 sum ln v."""
    rng = np.random.default_rng(seed)
    a = rng.normal(size=(LATENT_COUNT, len(SPECTRUM))) * rng.uniform(0, 0.7, (LATENT_COUNT, 1))
    v = rng.uniform(0.1, 1.5, LATENT_COUNT)
    information = 0.5 * (np.linalg.slogdet(a * SPECTRUM @ a.T + np.diag(v))[1] - np.log(v).sum())
    x = rng.normal(size=(3, count, len(SPECTRUM))) * np.sqrt(SPECTRUM)
    logvar = torch.from_numpy(np.log(v)).expand(count, -1)
    return [Gaussian(torch.from_numpy(part @ a.T), logvar) for part in x], float(information)


@pytest.mark.parametrize("seed", range(20))
def test_the_information_of_a_linear_model_is_between_mi_and_its_bound(seed: int) -> None:
    parts, exact = linear_model(seed, 1000)
    noise = normal(4, 1000, LATENT_COUNT)
    mi, upper = estimate_mi(parts[2], noise), bound_mi(*parts, noise, seed=seed)
    assert mi.mi - 4 * mi.standard_error <= exact <= upper.mi_upper + 4 * upper.standard_error
    assert mi.mi <= upper.mi_upper + 4 * (mi.standard_error + upper.standard_error)
    assert upper.mi_upper == pytest.approx(exact, abs=4 * upper.standard_error + 0.05), "a Gaussian is q(z)"


def test_the_bound_by_the_prior_is_the_kl_and_none_is_above() -> None:
    parts, _ = linear_model(3, 1000)
    noise = normal(8, 1000, LATENT_COUNT)
    prior = bound_by_density(parts[2], noise, next(fit_densities(parts[0], noise, seed=0)))
    kl = float(parts[2].kl().sum(1).mean())
    assert prior.mi_upper == pytest.approx(kl, abs=4 * prior.standard_error)
    assert bound_mi(*parts, noise, seed=0).mi_upper < prior.mi_upper


def test_every_density_integrates_to_one_and_the_gaussian_has_the_moments_of_q() -> None:
    """In one dimension, by quadrature."""
    q = Gaussian(3 + 2 * normal(200, 1), normal(200, 1, seed=2) - 1)
    grid = torch.linspace(-40, 40, 40_001, dtype=torch.float64).unsqueeze(1)
    found = [log_r(grid).exp().numpy() for log_r in fit_densities(q, normal(4, 200, 1), seed=0)]
    assert len(found) == 5
    for density in found:
        assert integrate.trapezoid(density, dx=0.002) == pytest.approx(1, abs=1e-6)
    variance = float(q.mu.var(correction=0) + q.logvar.exp().mean())
    exact = stats.norm.pdf(grid[:, 0].numpy(), float(q.mu.mean()), math.sqrt(variance))
    assert found[2] == pytest.approx(exact, abs=1e-6)


def clusters(count: int, seed: int, dimensions: int = 2) -> Gaussian:
    """Four places, each as likely as the others."""
    place = torch.tensor([[-10.0, 0], [10, 0], [0, 10], [0, -10]])[torch.arange(count) % 4]
    rest = torch.zeros(count, dimensions - 2)
    return Gaussian(torch.cat([place, rest], 1), 0.1 * normal(count, dimensions, seed=seed))


def test_the_bound_of_four_clusters_is_ln_4() -> None:
    """A Gaussian alone would be far above."""
    parts = [clusters(1000, seed) for seed in (1, 2, 3)]
    noise = normal(4, 1000, 2)
    got = bound_mi(*parts, noise, seed=0)
    assert got.mi_upper == pytest.approx(math.log(4), abs=0.05)
    gaussian = list(fit_densities(parts[0], noise, seed=0))[2]
    assert bound_by_density(parts[2], noise, gaussian).mi_upper > 3


def test_the_value_is_not_biased_by_the_fit() -> None:
    """Few and wide apart examples in many dimensions: a density that was fitted to the test part itself
    would give ln N, far below the information, which is without limit."""
    parts = [Gaussian(20 * normal(100, 16, seed=seed), torch.full((100, 16), -2.0)) for seed in (1, 2, 3)]
    exact = 16 * 0.5 * math.log(1 + 400 / math.exp(-2))
    noise = normal(4, 100, 16)
    honest = bound_mi(*parts, noise, seed=0)
    assert honest.mi_upper + 4 * honest.standard_error >= exact
    assert bound_mi(parts[2], parts[2], parts[2], noise, seed=0).mi_upper < 5


@pytest.mark.parametrize("latents", [1, 32, 64])
@pytest.mark.parametrize("count", [2, 40, 600])
def test_collapsed_and_degenerate_dimensions_are_fitted(latents: int, count: int) -> None:
    """The same q(z_i|x) for every x, dimensions that repeat another one, and very narrow ones."""
    parts = []
    for seed in (1, 2, 3):
        mu = torch.zeros(count, latents)
        mu[:, :3] = normal(count, 1, seed=seed)
        logvar = torch.zeros(count, latents)
        logvar[:, :2] = -30.0
        parts.append(Gaussian(mu, logvar))
    got = bound_mi(*parts, normal(2, count, latents), seed=0)
    assert math.isfinite(got.mi_upper)
    assert math.isfinite(got.standard_error)
    assert got.mi_upper >= min(10.0, math.log(count)) - 4 * got.standard_error


def test_a_posterior_without_information_has_a_bound_of_nearly_none() -> None:
    """Whatever its KL is."""
    q = Gaussian(torch.full((500, 16), 3.0), torch.full((500, 16), -1.0))
    got = bound_mi(q, q, q, normal(2, 500, 16), seed=0)
    assert got.mi_upper == pytest.approx(0, abs=1e-6)


def test_the_bound_is_the_same_again_and_for_another_unit_of_z() -> None:
    """Except that the prior has the unit of z."""
    parts = [clusters(400, seed, 8) for seed in (1, 2, 3)]
    scaled = [Gaussian(100 * q.mu + 5, q.logvar + 2 * math.log(100)) for q in parts]
    noise = normal(2, 400, 8)
    first = bound_mi(*parts, noise, seed=0)
    assert bound_mi(*parts, noise, seed=0) == first
    assert bound_mi(*scaled, noise, seed=0).mi_upper == pytest.approx(first.mi_upper, abs=1e-3)
