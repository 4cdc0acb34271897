"""The audit of a loss: those of well-known projects, random mixtures, and what is no loss of a VAE."""

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from losses import (
    LATENTS,
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
            "a beta-VAE with beta 0.098, as if the reconstruction were averaged over 784 values",
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


@pytest.mark.parametrize(
    ("term", "why"),
    [
        (lambda mu, logvar: -kl(mu, logvar).sum(), "the KL has the wrong sign"),
        (lambda mu, logvar: torch.zeros(()), "no KL in it"),
        (lambda mu, logvar: 0 * kl(mu, logvar).sum(), "its KL has no slope on this batch"),
        (
            lambda mu, s: (kl(mu, s * 2)).sum(),
            "its KL takes logvar for the logarithm of a standard deviation",
        ),
        (lambda mu, logvar: 0.5 * (mu**2 + logvar.exp() - 1).sum(), "what it does to mu and logvar"),
        (
            lambda mu, logvar: 0.5 * (3 * mu**2 - 1 - logvar + logvar.exp()).sum(),
            "its KL weighs the means by 3 and the variances by 1",
        ),
        (lambda mu, logvar: kl(mu, logvar).mean(0).clamp(min=0.9).sum(), "latents do not count in its KL"),
        (lambda mu, logvar: mu.square().sum() * float("nan"), "it is nan on this batch"),
    ],
)
def test_what_is_no_kl_is_told(term: Callable[[Tensor, Tensor], Tensor], why: str) -> None:
    def loss(output: Tensor, x: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
        return 0.5 * (output - x).square().sum() + term(mu, logvar)

    assert why in uncollapse.audit(loss, *batch()).verdict


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


def test_a_weight_that_differs_from_call_to_call_is_seen() -> None:
    calls = []

    def loss(output: Tensor, x: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
        calls.append(1)
        return (output - x).square().sum() + len(calls) / 1000 * kl(mu, logvar).sum()

    assert "not the same at each call" in uncollapse.audit(loss, *batch()).verdict


def test_where_half_a_batch_gives_no_loss_it_says_so() -> None:
    found = uncollapse.audit(
        lambda o, x, *q: 0.5 * (o.view(16, -1) - x.view(16, -1)).square().sum() + kl(*q).sum(), *batch()
    )
    assert found.beta == pytest.approx(1, rel=1e-4)
    one = uncollapse.audit(pythae, *batch(1))
    assert one.beta == pytest.approx(1, rel=1e-4)
    assert one.verdict.endswith("; what is averaged is not known, as half a batch gives no loss")
    assert (one.averaged, one.kl_weight) == ({}, None)


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


@pytest.mark.parametrize(("power", "name"), [(1, "a variance"), (2, "a standard deviation")])
def test_a_spread_that_is_no_logvar_is_recognised(power: int, name: str) -> None:
    output, x, mu, logvar = batch()

    def loss(output: Tensor, x: Tensor, mu: Tensor, spread: Tensor) -> Tensor:
        return 0.5 * (output - x).square().sum() + kl(mu, power * spread.log()).sum()

    found = uncollapse.audit(loss, output, x, mu, (logvar / power).exp())
    assert found.verdict == f"no negative ELBO: its KL takes logvar for {name}"


@pytest.mark.parametrize(
    ("term", "stated", "why"),
    [
        (lambda o, x: (o - x).abs().sum(), {}, "it is that of a Laplace distribution"),
        (lambda o, x: -(o - x).square().sum(), {}, "the wrong sign: it rewards errors"),
        (lambda o, x: 0 * x.sum(), {}, "it does not depend on the output"),
        (
            lambda o, x: (o - x).square().sum().sqrt(),
            {"likelihood": "bernoulli"},
            "a Gaussian of mean `output`",
        ),
        (lambda o, x: (o - x)[:, 1:].square().sum(), {}, "1 of 784 values of x do not count in it: a mask?"),
        (lambda o, x: functional.mse_loss(o, x).sqrt(), {}, "the weight of its reconstruction changes"),
        (lambda o, x: functional.mse_loss(o, x).log(), {}, "the weight of its reconstruction changes"),
        (lambda o, x: (o - x).square().sum() / len(x) ** 2, {}, "in half of the batch"),
        (
            lambda o, x: functional.huber_loss(o, x),
            {},
            "not the log likelihood of a Gaussian of mean `output`",
        ),
        (lambda o, x: ((o - x).square() * (1 + x)).sum(), {}, "not the log likelihood of a Gaussian"),
    ],
)
def test_what_is_no_reconstruction_is_told(
    term: Callable[[Tensor, Tensor], Tensor], stated: dict[str, str], why: str
) -> None:
    found = uncollapse.audit(lambda o, x, mu, logvar: term(o, x) + kl(mu, logvar).sum(), *batch(), **stated)
    assert why in found.verdict
    assert found.beta is None


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"likelihood": "poisson"}, "likelihood: should be 'gaussian' or 'bernoulli', not 'poisson'"),
        (
            {"likelihood": "bernoulli", "output_is": "probabilities"},
            "output: should be between 0 and 1; of log",
        ),
        ({"logvar": torch.zeros(16, LATENTS)}, "logvar: equal to 0 in all places"),
        ({"output_is": "odds"}, "output_is: should be 'logits' or 'probabilities', not 'odds'"),
        ({"mu": torch.zeros(16, LATENTS)}, "mu: equal to 0 in all places"),
        ({"mu": torch.ones(15, LATENTS)}, "mu and logvar should have the same shape"),
        ({"x": torch.full((16, VALUES), math.nan)}, "x: has values that are NaN or infinite"),
        ({"x": np.zeros((16, VALUES))}, "x: should be a tensor of real numbers"),
        ({"x": torch.zeros(16, 3)}, "output and x should have the same shape"),
        ({"variance": 0.0}, "variance: should be a positive and finite number, not 0.0"),
        ({"variance": 2.0, "likelihood": "bernoulli"}, "variance: is for the likelihood 'gaussian'"),
        ({"loss": lambda *_: 3.0}, "loss: should return a tensor with one number"),
        ({"loss": lambda o, x, mu, logvar: (o - x).square()}, "loss: should return a tensor with one number"),
    ],
)
def test_a_mistake_is_one_line_that_names_the_argument(changes: dict[str, Any], line: str) -> None:
    output, x, mu, logvar = batch()
    given = {"loss": pythae, "output": output, "x": x, "mu": mu, "logvar": logvar, **changes}
    with pytest.raises(ValueError, match=re.escape(line)) as raised:
        uncollapse.audit(**given)
    assert "\n" not in str(raised.value)


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
