"""The audit of what is no loss of a VAE, and of what it cannot take."""

import math
import re
from collections.abc import Callable
from typing import Any

import pytest
import torch
from losses import (
    LATENTS,
    VALUES,
    batch,
    kl,
    pythae,
)
from torch import Tensor
from torch.nn import functional

import uncollapse


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
        (
            lambda mu, logvar: 0.5 * (mu**2 + logvar.exp() - 1).sum(),
            "the gradients in mu and logvar are not those of a KL to N(0, I)",
        ),
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
    assert (one.averaged, one.kl_weight) == ({}, pytest.approx(1))


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
        (
            lambda o, x: (o - x).abs().sum(),
            {"likelihood": "gaussian"},
            "it is that of a Laplace distribution of scale 1 (absolute errors), of which beta is 1; say ",
        ),
        (lambda o, x: -(o - x).square().sum(), {}, "the wrong sign: it rewards errors"),
        (lambda o, x: 0 * x.sum(), {}, "it does not depend on the output"),
        (
            lambda o, x: (o - x).square().sum().sqrt(),
            {"likelihood": "bernoulli"},
            "a Gaussian of mean `output`",
        ),
        (lambda o, x: functional.mse_loss(o, x).sqrt(), {}, "the weight of its reconstruction changes"),
        (lambda o, x: (o - x).square().sum() / len(x) ** 2, {}, "in half of the batch"),
        (
            lambda o, x: functional.huber_loss(o, x),
            {},
            "that of a Gaussian of mean `output`, but it weighs single values unequally, from ",
        ),
        (
            lambda o, x: ((o - x).square() * (1 + x)).sum(),
            {},
            "it weighs single values unequally, from 2 to 4",
        ),
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
        (
            {"likelihood": "student"},
            "likelihood: should be one of 'gaussian', 'bernoulli', 'laplace', 'poisson', 'categorical', 'mu",
        ),
        (
            {"likelihood": "categorical", "x": torch.ones(16, 3)},
            "output and x should have an axis of classes ",
        ),
        (
            {"likelihood": lambda o: o},
            "likelihood: it raises TypeError: ",
        ),
        (
            {"likelihood": lambda o, x: (o - x).sum()},
            "likelihood: should return a tensor (N,) with -log p(x|z) of each example in nats, summed "
            "over its values, not one of shape ()",
        ),
        (
            {"likelihood": lambda o, x: x.sum(1)},
            "likelihood: should depend on the output, so that it has a gradient in it",
        ),
        ({"likelihood": lambda *_: 3.0}, "summed over its values, not float"),
        ({"sample": lambda mu, logvar: mu[0]}, "sample"),
        (
            {"output": torch.zeros(16, VALUES, dtype=torch.int64)},
            "output: should be a tensor of real numbers",
        ),
        ({"output": ()}, "output: should be a tensor of real numbers, or a tuple or dictionary of tensors"),
        ({"x": torch.zeros(16, VALUES).to_sparse()}, "x: is a sparse tensor; pass x.to_dense()"),
        ({"x": torch.zeros(0, VALUES)}, "x: should have examples, not shape (0, 784)"),
        ({"variance": torch.zeros(3)}, "variance: should be a positive and finite number, not such values"),
        (
            {"loss": lambda o, x, mu, logvar: o @ x},
            "loss: it raises RuntimeError: mat1",
        ),
        ({"loss": lambda o, x: o}, "loss: it raises TypeError: "),
        (
            {"likelihood": "bernoulli", "output_is": "probabilities"},
            "output: should be between 0 and 1; for log",
        ),
        ({"logvar": torch.zeros(16, LATENTS)}, "logvar is 0 everywhere, so its gradient"),
        (
            {"output_is": "odds", "likelihood": "bernoulli"},
            "output_is: should be 'logits' or 'probabilities', not 'odds'",
        ),
        (
            {"mu": torch.zeros(16, LATENTS)},
            "mu is 0 everywhere, so its gradient tells nothing; pass",
        ),
        (
            {"output": torch.ones(16, VALUES), "x": torch.ones(16, 1, 28, 28)},
            "output is equal to x everywhere, so its gradient tells nothing",
        ),
        ({"mu": torch.ones(15, LATENTS)}, "mu and logvar should have the same shape"),
        ({"x": torch.full((16, VALUES), math.nan)}, "x: has values that are NaN or infinite"),
        ({"x": [[0.0] * VALUES] * 16}, "x: should be a tensor of real or whole numbers, or a tuple"),
        (
            {"x": torch.zeros(16, 3), "likelihood": "gaussian"},
            "output and x should have the same number of values or a pair of tensors of the shape of x",
        ),
        ({"variance": 0.0}, "variance: should be a positive and finite number, not 0.0"),
        ({"variance": 2.0, "likelihood": "bernoulli"}, "variance: is for the likelihood 'gaussian'"),
        ({"loss": lambda *_: 3.0}, "loss: should return a tensor with one number"),
        ({"mu": None, "logvar": None}, "a VQ-VAE has no KL to audit: uncollapse.diagnose(codes=indices, "),
        ({"mu": torch.ones(16, 8, dtype=torch.int64)}, "mu: should be a tensor of real numbers; a VQ-VAE "),
    ],
)
def test_a_mistake_is_one_line_that_names_the_argument(changes: dict[str, Any], line: str) -> None:
    output, x, mu, logvar = batch()
    given = {"loss": pythae, "output": output, "x": x, "mu": mu, "logvar": logvar, **changes}
    with pytest.raises(ValueError, match=re.escape(line)) as raised:
        uncollapse.audit(**given)
    assert "\n" not in str(raised.value)
