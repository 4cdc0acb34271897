"""The audit of a loss: those of well-known projects, random mixtures, and what is no loss of a VAE."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from losses import (
    VALUES,
    Loss,
    autoencoder_kl,
    averaged,
    batch,
    disentangling,
    disentangling_bernoulli,
    kl,
    pythae,
    pytorch_example,
    pytorch_vae,
)
from torch import Tensor
from torch.nn import functional

import uncollapse


@pytest.mark.parametrize(
    ("loss", "stated", "beta", "begin"),
    [
        (pytorch_example, {"likelihood": "bernoulli", "output_is": "probabilities"}, 1, "the negative ELBO"),
        (
            pytorch_vae,
            {},
            0.00025 * VALUES / 2,
            "a beta-VAE with beta 0.098, although the reconstruction is averaged over 784 values",
        ),
        (pythae, {}, 1, "the negative ELBO, with a Gaussian of variance 1"),
        (
            disentangling,
            {},
            4 / (2 * 255),
            "a beta-VAE with beta 0.007843 (with a Gaussian of variance 1; the",
        ),
        (
            disentangling_bernoulli,
            {"likelihood": "bernoulli", "output_is": "probabilities"},
            4,
            "a beta-VAE with beta 4",
        ),
        (autoencoder_kl, {}, 5e-7, "a beta-VAE with beta 5e-07"),
        (
            averaged,
            {"likelihood": "bernoulli"},
            VALUES,
            "a beta-VAE with beta 784, as if the reconstruction were averaged over 784 values; for beta 1",
        ),
    ],
)
def test_the_losses_of_well_known_projects(
    loss: Loss, stated: dict[str, str], beta: float, begin: str
) -> None:
    found = uncollapse.audit(loss, *batch(probabilities="output_is" in stated), **stated)
    assert found.beta == pytest.approx(beta, rel=1e-4)
    assert found.verdict.startswith(begin)
    assert found.as_dict()["beta"] == found.beta
    if "likelihood" not in stated:
        assert found.variance == found.beta


def mixture(rng: np.random.Generator) -> tuple[Loss, dict[str, str], Any, float, dict[str, list[str]]]:
    """A loss of random reductions, weights and variance; how it is stated, a batch, its beta, and over what
    its terms are averaged."""
    likelihood = str(rng.choice(["gaussian", "bernoulli"]))
    output_is = str(rng.choice(["logits", "probabilities"]))
    count, values, latents = int(rng.integers(2, 40)), int(rng.integers(50, 900)), int(rng.integers(5, 40))
    means = {"reconstruction": rng.random(2) < 0.5, "KL": rng.random(2) < 0.5}
    weight, variance = (float(10 ** rng.uniform(-3, 3)) for _ in range(2))

    def reduced(term: Tensor, over_batch: bool, over_size: bool) -> Tensor:
        each = term.mean(1) if over_size else term.sum(1)
        return each.mean() if over_batch else each.sum()

    def loss(output: Tensor, x: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
        if likelihood == "gaussian":
            term = 0.5 * (output - x) ** 2 / variance
        elif output_is == "logits":
            term = functional.binary_cross_entropy_with_logits(output, x, reduction="none")
        else:
            term = functional.binary_cross_entropy(output, x, reduction="none")
        return reduced(term, *means["reconstruction"]) + weight * reduced(kl(mu, logvar), *means["KL"])

    sizes = {"reconstruction": (count, values), "KL": (count, latents)}
    shares = {
        name: math.prod(1 / size for size, mean in zip(sizes[name], means[name], strict=True) if mean)
        for name in means
    }
    beta = weight * shares["KL"] / shares["reconstruction"]
    beta *= variance if likelihood == "gaussian" else 1
    stated = {"likelihood": likelihood, "output_is": output_is}
    given = batch(
        count, values, latents, probabilities=output_is == "probabilities" and likelihood != "gaussian"
    )
    return loss, stated, given, beta, {name: ["batch"] * bool(mean[0]) for name, mean in means.items()}


@pytest.mark.parametrize("number", range(200))
def test_random_mixtures_of_reductions_weights_variances_and_sizes(number: int) -> None:
    loss, stated, given, beta, over_batch = mixture(np.random.default_rng(number))
    found = uncollapse.audit(loss, *given, **stated)
    assert found.beta == pytest.approx(beta, rel=1e-4)
    assert {name: parts[:1] for name, parts in found.averaged.items() if "batch" in parts} == {
        name: parts for name, parts in over_batch.items() if parts
    }


def test_latents_and_values_of_any_shape_and_a_loss_for_one_size_of_batch() -> None:
    output, x, mu, logvar = batch(8, 192, 32)

    def loss(output: Tensor, x: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
        return 0.5 * (output.reshape(8, 192) - x.reshape(8, 192)).square().sum() + kl(mu, logvar).sum()

    shapes = (8, 3, 8, 8), (8, 3, 8, 8), (8, 8, 2, 2), (8, 8, 2, 2)
    given = [tensor.reshape(shape) for tensor, shape in zip((output, x, mu, logvar), shapes, strict=True)]
    assert uncollapse.audit(loss, *given).beta == pytest.approx(1, rel=1e-4)


def test_the_gradients_of_the_one_who_asks_stay_as_they_are() -> None:
    output, x, mu, logvar = batch()
    mu.requires_grad_()
    uncollapse.audit(pythae, output, x, mu, logvar)
    assert mu.grad is None


def test_latents_that_are_left_out_are_seen_though_they_have_collapsed() -> None:
    output, x, mu, logvar = batch()
    mu[:, 10:] *= 1e-4
    logvar[:, 10:] *= 1e-4

    def clamped(output: Tensor, x: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
        return (output - x).square().sum() + kl(mu, logvar).mean(0).clamp(min=0.05).sum()

    def half(output: Tensor, x: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
        return (output - x).square().sum() + kl(mu[:, :10], logvar[:, :10]).sum()

    for loss in (clamped, half):
        found = uncollapse.audit(loss, output, x, mu, logvar)
        assert "10 of 20 latents do not count in its KL" in found.verdict


def test_without_gradients_in_low_precision_and_of_a_loss_that_works_in_place() -> None:
    given = batch()
    with torch.no_grad():
        assert uncollapse.audit(pythae, *given).beta == pytest.approx(1, rel=1e-4)
    low = [tensor.bfloat16() for tensor in given]
    assert uncollapse.audit(pythae, *low).beta == pytest.approx(1, rel=1e-4)

    def loss(output: Tensor, x: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
        x.mul_(2).sub_(1)
        return 0.5 * (2 * output - 1 - x).square().sum() + kl(mu, logvar.clamp_(-20, 20)).sum()

    before = given[1].clone()
    assert uncollapse.audit(loss, *given).beta == pytest.approx(0.25, rel=1e-4)
    assert torch.equal(given[1], before)


@pytest.mark.parametrize("variance", [0.01, 1.0, 7.5])
def test_beta_is_that_at_the_variance_which_is_meant(variance: float) -> None:
    def loss(output: Tensor, x: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
        errors = (output - x).square().flatten(1).sum(1) / (2 * 0.05)
        return (errors + 3 * kl(mu, logvar).sum(1)).mean()

    found = uncollapse.audit(loss, *batch(), variance=variance)
    assert found.beta == pytest.approx(3 * 0.05 / variance, rel=1e-5)
    assert found.variance == pytest.approx(0.15, rel=1e-5)
    meant = f"(with a Gaussian of variance {variance:.4g}; the same as beta 1 with a variance of 0.15)"
    assert meant in found.verdict
