"""What a decoder loses with a wrong z, against closed forms and simulation."""

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from linear_model import LinearModel, make_model

from uncollapse.data.part import Part
from uncollapse.measures.reads import average_chained, average_lost, find_partners, measure
from uncollapse.vae import Gaussian
from uncollapse.your_vae.reads import find_interval


class Decoder(torch.nn.Module):
    """The linear model as a VAE, as far as the measure needs one."""

    def __init__(self, model: LinearModel) -> None:
        super().__init__()
        self.model, self.one = model, torch.nn.Parameter(torch.zeros(1))

    def log_likelihood(self, x: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
        assert not self.training
        return -self.model.nll(x, z) + self.one


def run_of(model: LinearModel, count: int, seed: int = 0) -> Any:
    x, _ = model.draw(count, seed)
    mu = x @ model.encoder.T + model.shift
    q = Gaussian(mu, torch.full_like(mu, math.log(model.v)))
    return SimpleNamespace(vae=Decoder(model), parts={"test": Part(x.numpy())}, q={"test": q}, seed=seed)


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("scale", [0.05, 0.7, 2.0])
def test_the_measure_is_the_closed_form_of_a_linear_model(scale: float, exact: bool) -> None:
    model = make_model(5, 2, scale=scale, exact=exact)
    row = measure(run_of(model, 4000))
    _, other, prior = model.exact()
    assert row["reads"] == pytest.approx(other, abs=4 * row["reads_standard_error"] + 1e-4)
    assert row["reads_prior"] == pytest.approx(prior, abs=4 * row["reads_prior_standard_error"] + 1e-4)
    assert row["reads_standard_error"] < 0.1 * other + 0.02
    if exact:
        assert other == pytest.approx(prior, rel=1e-3)
    assert row == measure(run_of(model, 4000)), "the same seed gives the same numbers"
    assert row != measure(run_of(model, 4000, seed=1))


def test_with_little_information_twice_the_mutual_information_is_lost() -> None:
    model = make_model(5, 2, scale=0.05)
    information = 0.5 * 2 * math.log(1 + 0.05**2 / model.s2)
    assert model.exact()[1] == pytest.approx(2 * information, rel=0.01)


def test_a_decoder_that_ignores_z_loses_nothing() -> None:
    model = make_model(5, 2)._replace(weight=torch.zeros(5, 2))
    row = measure(run_of(model, 300))
    assert row == dict.fromkeys(row, 0.0)


@pytest.mark.parametrize("count", [2, 3, 10, 257])
def test_nobody_keeps_the_own_z_and_every_z_is_used_once(count: int) -> None:
    order, partners = find_partners(count, torch.Generator().manual_seed(count))
    assert (partners != torch.arange(count)).all()
    assert partners.sort().values.tolist() == order.sort().values.tolist() == list(range(count))
    assert partners[order].tolist() == order.roll(-1).tolist()


@pytest.mark.parametrize("scale", [0.3, 1.0, 3.0])
@pytest.mark.parametrize(("count", "least"), [(20, 0.88), (200, 0.92)])
def test_the_interval_covers_the_truth_about_as_often_as_it_says(
    count: int, least: float, scale: float
) -> None:
    """The losses are skew, so small samples cover less; independent errors alone would cover 88 % at 200."""
    model = make_model(3, 1, scale=scale)
    _, exact, prior = model.exact()
    hits, trials = np.zeros(2), 600
    for trial in range(trials):
        x, z = model.draw(count, trial)
        generator = torch.Generator().manual_seed(trial)
        order, partners = find_partners(count, generator)
        drawn = torch.randn(z.shape, generator=generator)
        lost = model.nll(x, z[partners]) - model.nll(x, z), model.nll(x, drawn) - model.nll(x, z)
        found = average_chained(lost[0], order), average_lost(lost[1])
        for i, (one, truth) in enumerate(zip(found, (exact, prior), strict=True)):
            low, high = find_interval(one, count)
            hits[i] += low <= truth <= high
    assert hits[0] / trials >= least
    assert hits[1] / trials >= least - 0.05


def test_losses_of_neighbours_that_agree_widen_the_interval() -> None:
    noise = torch.randn(10_001, generator=torch.Generator().manual_seed(0)).double()
    chain, order = noise[1:] + noise[:-1], torch.arange(10_000)
    alone, shared = average_lost(chain), average_chained(chain, order)
    assert shared.nats == alone.nats
    assert shared.standard_error == pytest.approx(math.sqrt(4 / 10_000), rel=0.05), "each noise counts twice"
    assert alone.standard_error == pytest.approx(math.sqrt(2 / 10_000), rel=0.05)
    assert average_chained(noise[1:] - noise[:-1], order).standard_error == pytest.approx(
        alone.standard_error, rel=0.05
    ), "an interval is never narrower than that of independent losses"
