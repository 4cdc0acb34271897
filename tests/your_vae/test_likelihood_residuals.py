"""Data whitened by the noise of their likelihood, against the Fisher information and made-up data."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from scipy.optimize import brentq

import uncollapse


def draw_factors(rng: np.random.Generator, count: int = 800, size: int = 12) -> np.ndarray:
    """Draw logits (count, size) that two factors decide."""
    return rng.normal(size=(count, 2)) @ rng.normal(size=(2, size))


def fisher_spectrum(residuals: np.ndarray) -> np.ndarray:
    """Return the eigenvalues of the covariance, the largest first."""
    return np.linalg.svd(residuals, compute_uv=False) ** 2 / len(residuals)


def whiten_bits(x: np.ndarray) -> np.ndarray:
    """Return bits without their mean, over their standard deviation."""
    return (x - x.mean(0)) / x.std(0)


def whiten_counts(x: np.ndarray) -> np.ndarray:
    """Return counts without their mean, over its root."""
    return (x - x.mean(0)) / np.sqrt(x.mean(0))


def whiten_tokens(x: np.ndarray) -> np.ndarray:
    """Return one-hot tokens whitened by the pseudo-inverse of the multinomial covariance, diag(p) - p p'."""
    parts = []
    for column in x.T:
        one_hot = np.eye(x.max() + 1)[column]
        p = one_hot.mean(0)
        values, vectors = np.linalg.eigh(np.diag(p) - np.outer(p, p))
        kept = values > 1e-9
        parts.append((one_hot - p) @ vectors[:, kept] / np.sqrt(values[kept]))
    return np.concatenate(parts, 1)


DRAW: dict[str, tuple[Callable[[np.random.Generator], np.ndarray], Callable[[np.ndarray], np.ndarray]]] = {
    "bernoulli": (
        lambda rng: (rng.random((800, 12)) < 1 / (1 + np.exp(draw_factors(rng)))) * 1,
        whiten_bits,
    ),
    "poisson": (lambda rng: rng.poisson(np.exp(0.3 * draw_factors(rng))), whiten_counts),
    "categorical": (lambda rng: np.digitize(draw_factors(rng), [-1.0, 0.5, 1.5]), whiten_tokens),
}


@pytest.mark.parametrize("likelihood", DRAW)
def test_a_beta_is_the_variance_of_data_whitened_by_the_fisher_information(likelihood: str) -> None:
    draw, whiten = DRAW[likelihood]
    x = draw(np.random.default_rng(0))
    found = uncollapse.suggest(x, latents=4, likelihood=likelihood)
    top = fisher_spectrum(whiten(x))[:4]
    level = min(brentq(lambda s: np.minimum(s, top).sum() - 0.05 * top.sum(), 1e-6, top[0]), 1)
    assert found.variance is None
    assert found.beta == pytest.approx(level, rel=1e-6)
    assert found.kl == pytest.approx(0.5 * np.log(np.maximum(top / level, 1)).sum(), rel=1e-6)
    assert not found.noise
    assert ("trades likelihood" in found.verdict) == (found.beta < 1)


def test_two_tokens_are_bits() -> None:
    x = DRAW["bernoulli"][0](np.random.default_rng(0))
    tokens, bits = (
        uncollapse.suggest(x, latents=3, likelihood=name) for name in ("categorical", "bernoulli")
    )
    assert tokens.beta == pytest.approx(bits.beta)
    assert tokens.kl == pytest.approx(bits.kl)


def test_a_multinomial_does_not_see_the_sum_of_an_example() -> None:
    rng = np.random.default_rng(0)
    size = rng.integers(1, 40, (800, 1)) * 20
    x = np.stack([rng.multinomial(n, np.full(10, 0.1)) for [n] in size])
    assert uncollapse.suggest(x, latents=2, likelihood="multinomial").noise
    assert not uncollapse.suggest(x, latents=2, likelihood="poisson").noise


def test_many_counts_keep_the_elbo() -> None:
    x = np.random.default_rng(0).poisson(np.exp(2 + draw_factors(np.random.default_rng(1))))
    found = uncollapse.suggest(x, latents=2, likelihood="poisson")
    assert found.beta == 1
    assert found.kept > 0.95
    assert found.verdict.startswith("beta 1, the ELBO, keeps")


def test_padding_does_not_count() -> None:
    rng = np.random.default_rng(0)
    x = np.digitize(draw_factors(rng), [-1.0, 0.5, 1.5])
    longer = np.concatenate([x, rng.integers(0, 4, (len(x), 5))], 1)
    mask = np.arange(17) < np.full((len(x), 1), 12)
    short = uncollapse.suggest(x, latents=4, likelihood="categorical")
    assert uncollapse.suggest(
        longer, latents=4, likelihood="categorical", mask=mask
    ).as_dict() == pytest.approx(short.as_dict())
    real = draw_factors(rng)
    empty = np.concatenate([real, np.full((len(real), 2), np.nan)], 1)
    found = uncollapse.suggest(torch.tensor(empty), latents=4, mask=torch.tensor(~np.isnan(empty)))
    assert found.variance == pytest.approx(uncollapse.suggest(real, latents=4).variance)


def test_examples_that_repeat_bound_the_set_point_by_their_entropy() -> None:
    rng = np.random.default_rng(0)
    x = rng.integers(0, 9, (4, 30))[np.repeat(np.arange(4), 200)]
    found = uncollapse.suggest(x, latents=8, likelihood="categorical")
    assert found.kl > np.log(4)
    assert found.entropy == pytest.approx(np.log(4), abs=3e-3)
    assert found.set_point == found.entropy
    assert (
        uncollapse.suggest(rng.integers(0, 9, (300, 30)), latents=8, likelihood="categorical").entropy is None
    )


@pytest.mark.parametrize("likelihood", ["gaussian", "bernoulli", "categorical", "poisson"])
def test_noise_is_called_noise(likelihood: str) -> None:
    rng = np.random.default_rng(0)
    x: Any = {
        "gaussian": rng.normal(size=(2000, 20)),
        "bernoulli": rng.random((2000, 20)) < 0.3,
        "categorical": rng.integers(0, 9000, (300, 20)),
        "poisson": rng.poisson(3.0, (2000, 20)),
    }[likelihood]
    found = uncollapse.suggest(x, latents=4, likelihood=likelihood)
    assert found.noise
    assert found.verdict.startswith("in doubt: no direction of x stands out")


def test_one_large_column_does_not_hide_the_others() -> None:
    x = draw_factors(np.random.default_rng(0))
    x[:, 0] *= 1000
    assert not uncollapse.suggest(x, latents=3).noise
