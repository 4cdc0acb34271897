"""Measures against closed forms and independent computations."""

import math

import numpy as np
import pytest
import torch
from scipy import integrate, stats
from toys import toy_part, toy_vae

from uncollapse.data.part import to_tensor
from uncollapse.measures.active_units import count_active_units
from uncollapse.measures.collapse import find_thresholds, share_of_collapsed
from uncollapse.measures.laws import find_broken_laws
from uncollapse.measures.likelihood import estimate_likelihoods
from uncollapse.measures.probe import measure_probe_accuracy
from uncollapse.samples.tsne import map_by_tsne
from uncollapse.vae import encode_part


def stream() -> torch.Generator:
    return torch.Generator().manual_seed(1)


def normal(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=stream())


@pytest.mark.parametrize("delta", [0.0, 0.01, 0.1, 0.5])
@pytest.mark.parametrize("count", [1, 7, 100, 101])
def test_the_collapse_curve_is_its_definition_point_by_point(delta: float, count: int) -> None:
    kl = torch.randint(0, 20, (count, 6), generator=stream()) / 10.0  # with many ties
    thresholds = find_thresholds(kl, delta=delta)
    for eps in [*torch.arange(0, 2.2, 0.05).tolist(), *kl.flatten().tolist()]:
        share = (kl < eps).double().mean(0)
        assert share_of_collapsed(thresholds, eps) == pytest.approx(
            float((share >= 1 - delta - 1e-12).double().mean())
        ), eps


def test_active_units_count_the_dimensions_whose_mean_varies() -> None:
    mu = normal(10_000, 4) * torch.tensor([1.0, 0.105, 0.095, 0.0])
    assert count_active_units(mu) == 2


def test_likelihoods_agree_with_numerical_integration() -> None:
    """A decoder of one latent: log p(x), the ELBO and its parts by quadrature."""
    vae = toy_vae("images", seed=5)
    vae.decoder.first.weight.data[:, 1:] = 0  # z_2 and z_3 reach nothing
    vae.posterior.linear.weight.data.zero_()
    vae.posterior.linear.bias.data = torch.tensor([0.3, 0, 0, 0.4, 0, 0])
    part = toy_part("images", 3)
    part = type(part)(vae.likelihood.draw(part.x, np.random.default_rng(0)))
    got = estimate_likelihoods(vae, part, most=60_000, noise=stream()).means()
    x = to_tensor(part.x)

    grid = np.linspace(-8, 8, 2001)
    z = torch.zeros(2001, 3)
    z[:, 0] = torch.as_tensor(grid)
    with torch.no_grad():
        log_p = np.stack([vae.log_likelihood(one.expand(2001, 4, 4), z).double().numpy() for one in x])
    evidence = integrate.trapezoid(np.exp(log_p) * stats.norm.pdf(grid), grid)
    fit = integrate.trapezoid(log_p.mean(0) * stats.norm.pdf(grid, 0.3, math.exp(0.2)), grid)
    kl = 0.5 * (0.09 + math.exp(0.4) - 1 - 0.4)
    assert got.nll == pytest.approx(-np.log(evidence).mean(), abs=2e-3)
    assert got.reconstruction == pytest.approx(-fit, abs=8e-3), "some standard errors"
    assert got.kl == pytest.approx(kl, abs=1e-5)
    assert got.elbo == pytest.approx(-got.reconstruction - got.kl)
    alone = [
        estimate_likelihoods(vae, part, most=1, noise=torch.Generator().manual_seed(seed)).means()
        for seed in range(200)
    ]
    ahead = [one.nll + one.elbo for one in alone]  # with one sample nll is the sampled bound itself
    assert abs(np.mean(ahead)) <= 4 * np.std(ahead) / math.sqrt(200)
    assert np.mean([one.elbo_standard_error**2 for one in alone]) == pytest.approx(np.var(ahead), rel=0.5)


def test_the_fall_of_nll_is_what_doubling_the_samples_brings(kind: str) -> None:
    vae, part = toy_vae(kind, seed=2), toy_part(kind, 40)
    for parameter in vae.parameters():
        parameter.data *= 3
    runs = {
        k: [
            estimate_likelihoods(vae, part, most=k, noise=torch.Generator().manual_seed(seed)).means()
            for seed in range(60)
        ]
        for k in (1, 2, 4)
    }
    for few, many in ((1, 2), (2, 4)):
        brought = [one.nll - two.nll for one, two in zip(runs[few], runs[many], strict=True)]
        falls = [one.nll_fall for one in runs[many]]
        assert np.mean(falls) > 0
        assert abs(np.mean(falls) - np.mean(brought)) <= 4 * (np.std(falls) + np.std(brought)) / math.sqrt(60)
    assert math.isnan(runs[1][0].nll_fall)


def test_samples_are_doubled_until_nll_hardly_falls(kind: str) -> None:
    vae, part = toy_vae(kind, seed=2), toy_part(kind, 40)
    for parameter in vae.parameters():
        parameter.data *= {"images": 1.2, "tokens": 2.0}[kind]
    doubled = [estimate_likelihoods(vae, part, most=2**k, noise=stream()).means() for k in range(4, 11)]
    assert [each.samples for each in doubled] == [2**k for k in range(4, 11)]
    enough = next(each for each in doubled if each.nll_fall < 0.04)
    assert 16 < enough.samples < 1024
    assert estimate_likelihoods(vae, part, most=10**6, tolerance=0.04, noise=stream()).means() == enough
    assert estimate_likelihoods(vae, part, most=100, noise=stream()).means().samples == 64


def test_likelihoods_do_not_depend_on_how_the_rows_are_cut(kind: str) -> None:
    vae, part = toy_vae(kind), toy_part(kind, 10)
    cuts = [
        estimate_likelihoods(vae, part, most=2000, noise=stream(), rows=rows).means()
        for rows in (2000, 7000, 10**6)
    ]
    for cut in cuts[1:]:
        assert cut == pytest.approx(cuts[0], abs=0.05)


def test_encode_is_every_example_once_in_order_and_leaves_the_mode(kind: str) -> None:
    vae, part = toy_vae(kind), toy_part(kind)
    with torch.no_grad():
        whole = vae.encode(to_tensor(part.x))
    torch.testing.assert_close(encode_part(vae, part, size=7).mu, whole.mu)
    assert vae.training


def test_the_probe_finds_what_is_there_and_no_more() -> None:
    labels = np.arange(600) % 3
    told = torch.nn.functional.one_hot(torch.as_tensor(labels)).float() + 0.1 * normal(600, 3)
    parts = [(told[part], labels[part]) for part in (slice(0, 400), slice(400, 500), slice(500, 600))]
    assert measure_probe_accuracy(*parts) == 1.0
    blind = [(torch.zeros_like(mu), y) for mu, y in parts]
    assert measure_probe_accuracy(*blind) == pytest.approx(1 / 3, abs=0.02)


def test_tsne_keeps_clusters_apart_and_takes_a_collapsed_posterior() -> None:
    labels = np.arange(90) % 3
    places = map_by_tsne(
        20 * torch.nn.functional.one_hot(torch.as_tensor(labels)).float() + normal(90, 3), seed=0
    )
    centres = np.array([places[labels == label].mean(0) for label in range(3)])
    nearest = ((places[:, None] - centres) ** 2).sum(-1).argmin(1)
    assert (nearest == labels).mean() == 1
    assert np.isfinite(map_by_tsne(torch.zeros(90, 3), seed=0)).all()


def test_a_row_that_cannot_be_is_found_out() -> None:
    good = {
        "mi": 2.0,
        "mi_standard_error": 0.01,
        "mi_cap": 6.2,
        "mi_upper": 2.2,
        "mi_upper_standard_error": 0.01,
        "kl": 2.5,
        "nll": 90.0,
        "elbo": -92.0,
        "elbo_standard_error": 0.01,
    }
    assert not list(find_broken_laws(good))
    for wrong in (
        {"mi": 2.6, "mi_upper": 2.7},
        {"mi": -0.1},
        {"mi": 6.3, "kl": 9.0, "mi_upper": 6.4},
        {"mi_upper": 1.9},
        {"nll": 92.1},
    ):
        assert len(list(find_broken_laws({**good, **wrong}))) == 1, wrong
