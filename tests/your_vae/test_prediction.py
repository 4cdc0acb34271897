"""The prediction of how many dimensions survive, against linear VAEs whose exact ELBO is maximised."""

import numpy as np
import pytest
import torch
from torch import Tensor

import uncollapse
from uncollapse.data.sources.gaussian import draw_cloud


def data(rng: np.random.Generator, size: int = 6) -> tuple[np.ndarray, np.ndarray]:
    """Examples, and the eigenvalues of their covariance, no two of them alike."""
    eigenvalues = np.sort(np.exp(rng.uniform(-2, 3, size)) * (1 + 0.2 * np.arange(size)))[::-1].copy()
    return draw_cloud(eigenvalues, 300, rng), eigenvalues


def maximised(x: np.ndarray, latents: int, beta: float, variance: float | None) -> tuple[Tensor, float]:
    """KL_i (latents,) and the variance of a linear VAE with the best of its objective, in closed form:

    x|z ~ N(W z, s), q(z|x) = N(V x, diag(e)): the expected error is |x - W V x|^2 + sum_i e_i |W_i|^2.
    """
    covariance = torch.tensor(np.cov(x.T, bias=True))
    generator = torch.Generator().manual_seed(0)
    size = len(covariance)
    weights = torch.randn(size, latents, generator=generator, dtype=torch.float64, requires_grad=True)
    means = torch.randn(latents, size, generator=generator, dtype=torch.float64, requires_grad=True)
    logvar = torch.zeros(latents, dtype=torch.float64, requires_grad=True)
    log_s = torch.tensor(np.log(variance or 1.0), dtype=torch.float64, requires_grad=variance is None)
    leaves = [weights, means, logvar] + [log_s] * (variance is None)
    optimizer = torch.optim.LBFGS(
        leaves, max_iter=1500, tolerance_grad=1e-6, tolerance_change=0, line_search_fn="strong_wolfe"
    )

    def kl() -> Tensor:
        return 0.5 * ((means @ covariance * means).sum(1) + logvar.exp() - 1 - logvar)

    def loss() -> Tensor:
        optimizer.zero_grad()
        left = torch.eye(size, dtype=torch.float64) - weights @ means
        error = (left @ covariance * left).sum() + (weights.square().sum(0) * logvar.exp()).sum()
        value = error / (2 * log_s.exp()) + size / 2 * log_s + beta * kl().sum()
        value.backward()
        return value

    optimizer.step(loss)
    return kl().detach().sort(descending=True).values, float(log_s.exp().detach())


@pytest.mark.parametrize("number", range(20))
def test_linear_vaes_keep_the_dimensions_that_are_predicted(number: int) -> None:
    rng = np.random.default_rng(number)
    x, eigenvalues = data(rng)
    beta, latents = float(rng.uniform(0.3, 2.0)), int(rng.integers(1, 4))
    variance = float(rng.uniform(0.5, 5.0)) if number % 2 else None
    found = uncollapse.predict(x, beta=beta, variance=variance, latents=latents)
    assert found.eigenvalues == pytest.approx(eigenvalues, rel=1e-4)
    kl, s = maximised(x, latents, beta, variance)
    assert found.variance == pytest.approx(s, rel=1e-3)
    assert found.alive == int((kl > 1e-3).sum())
    assert found.kl == pytest.approx(kl[: found.alive].numpy(), abs=0.01)
    assert found.kl.sum() == pytest.approx(float(kl.sum()), abs=1e-3)


def test_more_values_than_examples_and_any_shape() -> None:
    x = np.random.default_rng(0).normal(size=(20, 3, 8, 8)) * 4
    found = uncollapse.predict(torch.tensor(x), variance=1.0)
    assert found.alive == 19, "the mean takes one"
    assert found.as_dict()["alive"] == 19


def test_data_of_low_rank_leave_the_variance_open_whatever_the_latents() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(500, 3)) @ rng.normal(size=(3, 100))
    for latents in (3, 16, 64):
        with pytest.raises(ValueError, match=f"latents: {latents} can hold all of x"):
            uncollapse.predict(x, beta=4.0, latents=latents)


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"x": np.zeros(5)}, r"x: should have the shape \(examples, ...\)"),
        ({"x": np.full((5, 3), np.nan)}, "x: 15 of 15 values are NaN or infinite"),
        ({"beta": 0.0}, "beta: should be a positive and finite number, not 0.0"),
        ({"variance": -1.0}, "variance: should be a positive and finite number, not -1.0"),
        ({"variance": None, "latents": None}, "latents: give their number, since a variance that is learned"),
        ({"latents": 0}, "latents: should be a whole number, 1 or more, not 0"),
        ({"latents": 2.0}, "latents: should be a whole number"),
        ({"beta": None}, "beta: should be a positive and finite number"),
        ({"variance": None, "latents": 3}, "latents: 3 can hold all of x"),
    ],
)
def test_a_mistake_is_one_line_that_names_the_argument(changes: dict, line: str) -> None:
    given = {"x": np.random.default_rng(0).normal(size=(50, 3)), "variance": 1.0, **changes}
    with pytest.raises(ValueError, match=line):
        uncollapse.predict(**given)
