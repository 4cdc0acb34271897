"""The audit of losses with any likelihood: random reductions, weights and masks, whose beta is known."""

from typing import Any

import numpy as np
import pytest
import torch
from likelihood_losses import CASES, CLASSES, COUNT, TOKENS, TWO, VALUES, draw
from losses import Loss, batch, kl
from torch import Tensor
from torch.nn import functional

import uncollapse
from uncollapse.your_vae.loss.gradient_fit import find_largest, find_silent

LATENTS = 6
MU, LOGVAR = draw(COUNT, LATENTS), draw(COUNT, LATENTS)


def mix(name: str, rng: np.random.Generator) -> tuple[Loss, float, float]:
    """Return a loss of random reductions, weights and mask, with its beta and the share that counts."""
    nats, weight = CASES[name].nats, float(10 ** rng.uniform(-3, 3))
    over_batch, over_values, kl_over_batch, kl_over_latents = rng.random(4) < 0.5
    which = str(rng.choice(["none", "columns", "padding"])) if name != "Mult-VAE" else "none"
    over_batch |= which == "padding"  # A sum of means over all that counts is nobody's loss.
    lengths = torch.from_numpy(rng.integers(VALUES // 2, VALUES, COUNT))
    columns = {"none": torch.full((COUNT,), VALUES), "columns": torch.full((COUNT,), 20), "padding": lengths}
    mask = torch.arange(VALUES) < columns[which].unsqueeze(1)

    def loss(output: Any, x: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
        term = nats(output, x) * mask[: len(x)]
        counted = mask[: len(x)].sum() / len(x) if over_values else 1
        each = term.sum() / counted
        latents = kl(mu, logvar).mean(1) if kl_over_latents else kl(mu, logvar).sum(1)
        of_kl = latents.mean() if kl_over_batch else latents.sum()
        return (each / len(x) if over_batch else each) + weight * of_kl

    counted = float(mask.sum() / COUNT)
    of_values = (COUNT if over_batch else 1) * (counted if over_values else 1)
    of_latents = (COUNT if kl_over_batch else 1) * (LATENTS if kl_over_latents else 1)
    return loss, weight * of_values / of_latents, counted / VALUES


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("seed", range(6))
def test_beta_is_found_for_every_likelihood_with_any_mask(name: str, seed: int) -> None:
    case = CASES[name]
    loss, beta, share = mix(name, np.random.default_rng(seed))
    stated = {"likelihood": case.likelihood} if seed % 2 else {}
    found = uncollapse.audit(loss, case.output, case.x, MU, LOGVAR, **stated)
    assert found.beta == pytest.approx(beta, rel=1e-4), found.verdict
    assert ("do not count" in found.verdict) == (share < 1)


@pytest.mark.parametrize("name", CASES)
def test_a_function_does_as_well_as_the_name_of_a_likelihood(name: str) -> None:
    case = CASES[name]

    def nats(output: Any, x: Tensor) -> Tensor:
        return case.nats(output, x).sum(1)

    def loss(output: Any, x: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
        return nats(output, x).mean() / VALUES + 0.3 * kl(mu, logvar).sum(1).mean()

    found = uncollapse.audit(loss, case.output, case.x, MU, LOGVAR, likelihood=nats)
    assert found.beta == pytest.approx(0.3 * VALUES, rel=1e-4)
    assert found.kl_weight == pytest.approx(0.3, rel=1e-4)
    assert found.reconstruction_weight == pytest.approx(1 / VALUES, rel=1e-4)


def test_the_gradient_of_a_likelihood_is_that_of_finite_differences() -> None:
    case = CASES["counts of mean and dispersion"]

    def loss(output: Any, x: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
        return 0.25 * case.nats(output, x).sum() + 2 * kl(mu, logvar).sum()

    mean, inverse = (part.double() for part in case.output)
    x, mu, logvar, step = case.x.double(), MU.double(), LOGVAR.double(), 1e-6
    shift = torch.zeros_like(mean)
    shift[3, 4] = step
    of_loss = loss((mean + shift, inverse), x, mu, logvar) - loss((mean - shift, inverse), x, mu, logvar)
    of_nats = case.nats((mean + shift, inverse), x).sum() - case.nats((mean - shift, inverse), x).sum()
    moved = torch.zeros_like(mu)
    moved[5, 1] = step
    of_mu = loss((mean, inverse), x, mu + moved, logvar) - loss((mean, inverse), x, mu - moved, logvar)
    beta = float((of_mu / (2 * step * mu[5, 1])) / (of_loss / of_nats))
    found = uncollapse.audit(loss, case.output, case.x, MU, LOGVAR)
    assert found.beta == pytest.approx(beta, rel=1e-5) == pytest.approx(8, rel=1e-5)


@pytest.mark.parametrize(
    ("reduce", "beta", "where"),
    [
        (lambda e: VALUES / 2 * e.mean().log(), 3, "of the batch"),
        (lambda e: VALUES / 2 * e.mean(1).log().mean(), 3, "of an example"),
        (lambda e: e.mean(0).log().sum() / 2, 3, "of a value"),
        (lambda e: 0.5 * e.mean().log(), 3 * VALUES, "of the batch"),
    ],
)
def test_the_optimal_variance_is_recognised(reduce: Any, beta: float, where: str) -> None:
    found = uncollapse.audit(
        lambda o, x, *q: reduce((o - x).square()) + 3 * kl(*q).sum(1).mean(), *batch(16, VALUES, 5)
    )
    assert found.beta == pytest.approx(beta, rel=1e-4)
    assert f"the optimal variance (Rybkin et al. 2021) {where}" in found.verdict


def test_variances_of_each_value_are_asked_for_and_taken() -> None:
    variances = 0.1 + torch.rand(VALUES)
    given = batch(16, VALUES, 5)

    def loss(output: Tensor, x: Tensor, *q: Tensor) -> Tensor:
        errors = (output - x).square() / variances + variances.log()
        return errors.sum(1).mean() / 2 + 4 * kl(*q).sum(1).mean()

    found = uncollapse.audit(loss, *given)
    assert found.beta is None
    assert found.kl_weight == pytest.approx(4)
    low, high = (f"{4 * float(end):.4g}" for end in (variances.min(), variances.max()))
    assert f"pass variance=, a tensor of these (with beta 1 they are from {low} to {high})" in found.verdict
    assert uncollapse.audit(loss, *given, variance=variances).beta == pytest.approx(4, rel=1e-4)
    with pytest.raises(ValueError, match=r"^variance: should be one number, or one for each value"):
        uncollapse.audit(loss, *given, variance=torch.ones(7))


def test_a_shape_that_is_nowhere_finite_has_no_largest_entry() -> None:
    shape = torch.tensor([float("nan"), float("inf")])
    assert float(find_largest(shape)) == 0
    assert not find_silent(torch.zeros(2), shape).any()


@pytest.mark.parametrize("shift", ["both", "x"])
def test_tokens_may_be_shifted_in_the_loss_and_the_padding_may_be_any_class(shift: str) -> None:
    x = TOKENS.clone()
    x[:, 20:] = -100

    def loss(output: Tensor, x: Tensor, *q: Tensor) -> Tensor:
        logits = output[:, :-1] if shift == "both" else output
        entropy = functional.cross_entropy(logits.reshape(-1, CLASSES), x[:, 1:].flatten())
        return entropy + 0.05 * kl(*q).sum(1).mean()

    found = uncollapse.audit(loss, TWO if shift == "both" else TWO[:, :-1], x, MU, LOGVAR)
    assert found.beta == pytest.approx(0.05 * 19, rel=1e-4)
