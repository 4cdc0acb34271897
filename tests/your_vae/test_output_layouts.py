"""How outputs lie beside x, also where the two have different shapes with as many values."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from likelihood_losses import draw
from losses import kl
from torch import Tensor
from torch.nn import functional

import uncollapse
from uncollapse.your_vae.loss.output_layouts import lay_out

COUNT, LATENTS = 16, 5
MU, LOGVAR = draw(COUNT, LATENTS), draw(COUNT, LATENTS)
SHAPES = [((COUNT, 36), (COUNT, 1, 6, 6)), ((COUNT, 6, 6, 1), (COUNT, 36)), ((COUNT * 6, 6), (COUNT, 6, 6))]


@pytest.mark.parametrize(("shape", "of_x"), SHAPES)
@pytest.mark.parametrize(
    ("nats", "stated", "values"),
    [
        (lambda o, x: 0.5 * (o - x).square(), {}, 1),
        (lambda o, x: 0.5 * (o - x).square() / 4, {"variance": 4.0}, 1),
        (lambda o, x: (o - x).abs() / 36, {}, 36),
        (lambda o, x: functional.binary_cross_entropy_with_logits(o, x, reduction="none"), {}, 1),
        (lambda o, x: torch.exp(o) - x * o, {"likelihood": "poisson"}, 1),
    ],
)
def test_an_output_of_another_shape_is_compared_value_for_value(
    nats: Callable[[Tensor, Tensor], Tensor], stated: Any, values: int, shape: Any, of_x: Any
) -> None:
    def loss(output: Tensor, x: Tensor, *q: Tensor) -> Tensor:
        assert (output.shape[1:], x.shape[1:]) == (shape[1:], of_x[1:])  # The loss gets them as they are.
        return nats(output.reshape(x.shape), x).sum() / len(x) + 0.3 * kl(*q).sum() / len(x)

    output, x = draw(*shape), (draw(*of_x) > 0).float()
    found = uncollapse.audit(loss, output, x, MU, LOGVAR, **stated)
    assert found.beta == pytest.approx(0.3 * values, rel=1e-4), found.verdict
    assert found.kl_weight == pytest.approx(0.3, rel=1e-4)


def test_a_variance_of_each_value_lies_beside_x() -> None:
    variances = 0.5 + torch.rand(1, 6, 6)

    def loss(output: Tensor, x: Tensor, *q: Tensor) -> Tensor:
        return (0.5 * (output.view_as(x) - x).square() / variances).sum() + 2 * kl(*q).sum()

    found = uncollapse.audit(
        loss, draw(COUNT, 36), draw(COUNT, 1, 6, 6), MU, LOGVAR, likelihood="gaussian", variance=variances
    )
    assert found.beta == pytest.approx(2, rel=1e-4)


@pytest.mark.parametrize("halves", [True, False])
def test_a_flat_mean_and_logvar_lie_beside_pictures(halves: bool) -> None:
    def loss(output: Any, x: Tensor, *q: Tensor) -> Tensor:
        mean, logvar = output.chunk(2, 1) if halves else output
        errors = (mean - x.flatten(1)).square() / logvar.exp() + logvar
        return 0.5 * errors.sum(1).mean() + 3 * kl(*q).sum(1).mean()

    output = draw(COUNT, 72) if halves else (draw(COUNT, 36), draw(COUNT, 36))
    found = uncollapse.audit(loss, output, draw(COUNT, 1, 6, 6), MU, LOGVAR)
    assert found.beta == pytest.approx(3, rel=1e-4)
    assert found.likelihood == "a Gaussian of output (mean, logvar)"


def test_a_negative_binomial_of_another_shape_has_its_dispersion_found() -> None:
    x = torch.poisson(torch.full((COUNT, 2, 18), 3.0))

    def nats(output: Tensor, x: Tensor) -> Tensor:
        mean, r = output.exp().view_as(x), 2.5
        return -r * (r / (r + mean)).log() - x * (mean / (r + mean)).log()

    found = uncollapse.audit(
        lambda o, x, *q: nats(o, x).sum() + 0.5 * kl(*q).sum(), draw(COUNT, 36), x, MU, LOGVAR
    )
    assert found.beta == pytest.approx(0.5, rel=1e-3), found.verdict


def test_values_in_another_order_are_not_taken_for_the_same() -> None:
    def loss(output: Tensor, x: Tensor, *q: Tensor) -> Tensor:
        return 0.5 * (output.movedim(1, -1) - x).square().sum() + kl(*q).sum()

    found = uncollapse.audit(loss, draw(COUNT, 3, 6, 6), draw(COUNT, 6, 6, 3), MU, LOGVAR)
    assert (found.beta, found.kl_weight) == (None, pytest.approx(1))


def test_an_output_with_another_number_of_values_lies_in_no_way_beside_x() -> None:
    assert not lay_out("same", [draw(COUNT, 35)], draw(COUNT, 1, 6, 6))
    assert not lay_out("pair", [draw(COUNT, 71)], draw(COUNT, 1, 6, 6))
    assert not lay_out("pair", [draw(COUNT, 36), draw(COUNT, 35)], draw(COUNT, 1, 6, 6))
