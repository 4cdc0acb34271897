"""A suggestion of where to begin, against closed forms, trained VAEs and independent computations."""

import json

import numpy as np
import pytest
import torch
from scipy.optimize import brentq
from torch import Tensor, nn

import uncollapse
from uncollapse.data.sources.gaussian import draw_cloud

EIGENVALUES = np.array([9.0, 5.0, 3.0, 1.5, 0.7, 0.2, 0.1, 0.05])


def draw_data(seed: int = 0, count: int = 400) -> np.ndarray:
    """Draw examples (count, 8) whose covariance has exactly these eigenvalues."""
    return draw_cloud(EIGENVALUES, count, np.random.default_rng(seed))


def train_linear(x: Tensor, latents: int, variance: float, steps: int = 800) -> float:
    """Return the KL in nats of a linear VAE, trained by gradient steps with samples of z."""
    torch.manual_seed(0)
    encoder, decoder = nn.Linear(x.shape[1], latents), nn.Linear(latents, x.shape[1])
    logvar = nn.Parameter(torch.zeros(latents))
    optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters(), logvar], 0.03)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.01, steps)
    for _ in range(steps):
        mu = encoder(x)
        z = mu + (logvar / 2).exp() * torch.randn_like(mu)
        kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(1)
        loss = ((decoder(z) - x).square().sum(1) / (2 * variance) + kl).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    mu = encoder(x)
    return float(0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(1).mean().detach())


@pytest.mark.parametrize("latents", [1, 3, 6, 8, 20])
def test_the_variance_loses_one_twentieth_of_what_the_latents_can_explain(latents: int) -> None:
    found = uncollapse.suggest(draw_data(), latents=latents)
    top = EIGENVALUES[:latents]
    expected = brentq(lambda s: np.minimum(s, top).sum() - 0.05 * top.sum(), 1e-6, 9.0)
    assert found.variance == pytest.approx(expected, rel=1e-4)
    assert found.beta == 1
    assert found.kept == pytest.approx(0.95)
    assert found.kl == pytest.approx(0.5 * np.log(np.maximum(top / expected, 1)).sum(), rel=1e-4)
    assert found.set_point == found.kl
    assert found.free_bits * latents == pytest.approx(found.kl)
    assert found.alive == (top > expected).sum()


def test_a_linear_vae_trained_at_the_variance_spends_the_kl_that_is_predicted() -> None:
    x = draw_data()
    found = uncollapse.suggest(x, latents=3)
    assert found.variance is not None
    assert train_linear(torch.from_numpy(x), 3, found.variance) == pytest.approx(found.kl, rel=0.03)


def test_predict_agrees_with_the_suggestion() -> None:
    x = np.random.default_rng(0).normal(size=(60, 4, 30)) * np.linspace(0.1, 2, 30)
    found = uncollapse.suggest(x, latents=9)
    predicted = uncollapse.predict(x, variance=found.variance, latents=9)
    assert predicted.kl.sum() == pytest.approx(found.kl)
    assert predicted.alive == found.alive


def test_more_latents_explain_more_and_never_need_a_larger_share_of_the_kl_each() -> None:
    found = [uncollapse.suggest(draw_data(), latents=latents) for latents in range(1, 9)]
    kls = [one.kl for one in found]
    each = [one.free_bits for one in found]
    assert kls == sorted(kls)
    assert each == sorted(each, reverse=True)


def test_the_unit_of_x_changes_the_variance_and_nothing_else() -> None:
    x = draw_data()
    one, other = uncollapse.suggest(x, latents=4), uncollapse.suggest(10 * x + 3, latents=4)
    assert one.variance is not None
    assert other.variance == pytest.approx(100 * one.variance, rel=1e-3)
    assert (other.kl, other.alive) == (pytest.approx(one.kl, rel=1e-4), one.alive)


def test_data_of_low_rank_have_a_suggestion_although_no_variance_is_the_best() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(500, 3)) @ rng.normal(size=(3, 100))
    few, many = (uncollapse.suggest(x, latents=latents) for latents in (3, 16))
    assert many.variance == pytest.approx(few.variance)
    assert many.alive == 3


def test_a_suggestion_is_read_as_it_stands() -> None:
    found = uncollapse.suggest(draw_data(), latents=3)
    assert found.verdict == (
        "a Gaussian of variance 0.2833 keeps 95 % of what 3 latents can explain, with 3 of them alive and a "
        "KL of 4.34 nats"
    )
    assert json.loads(json.dumps(found.as_dict()))["verdict"] == found.verdict
