"""Which values count in a loss: the zeros of a one-hot x and of counts are no mask."""

from typing import Any

import pytest
import torch
from likelihood_losses import draw
from losses import kl
from torch import Tensor
from torch.nn import functional

import uncollapse
from uncollapse.your_vae.loss.silent_values import find_class_axis

COUNT, SITES, CLASSES = 16, 12, 7
MU, LOGVAR = draw(COUNT, 5), draw(COUNT, 5)
TOKENS = torch.randint(0, CLASSES, (COUNT, SITES))
ONE_HOT = functional.one_hot(TOKENS, CLASSES).float()
PROBABILITIES = draw(COUNT, SITES, CLASSES).softmax(-1)


def cross_entropy(output: Tensor, x: Tensor) -> Tensor:
    return -(x * output.log()).sum(-1)


def audit_function(nats: Any, output: Tensor, x: Tensor, mask: Tensor | float = 1.0, mean: int = 1) -> Any:
    def loss(output: Tensor, x: Tensor, *q: Tensor) -> Tensor:
        kept = mask[: len(x)] if isinstance(mask, Tensor) else mask
        return (nats(output, x) * kept).sum() / len(x) / mean + 0.5 * kl(*q).sum() / len(x)

    return uncollapse.audit(loss, output, x, MU, LOGVAR, likelihood=lambda o, x: nats(o, x).flatten(1).sum(1))


@pytest.mark.parametrize("mean", [1, SITES])
def test_the_zeros_of_a_one_hot_x_are_no_mask(mean: int) -> None:
    found = audit_function(cross_entropy, PROBABILITIES, ONE_HOT, mean=mean)
    assert found.beta == pytest.approx(0.5 * mean, rel=1e-4)
    assert "do not count" not in found.verdict
    assert ("values" in found.averaged["reconstruction"]) == (mean > 1)


def test_whole_positions_that_are_silent_are_told() -> None:
    mask = torch.ones(COUNT, SITES)
    mask[:, 9:] = 0
    found = audit_function(cross_entropy, PROBABILITIES, ONE_HOT, mask)
    assert found.beta == pytest.approx(0.5, rel=1e-4)
    assert "; 3 of 12 values do not count (a mask, padding or a clamp)" in found.verdict


def test_the_zeros_of_counts_are_no_mask() -> None:
    counts = torch.poisson(torch.full((COUNT, 30), 1.0))
    output = draw(COUNT, 30).softmax(-1)
    found = audit_function(lambda o, x: -x * o.log(), output, counts)
    assert found.beta == pytest.approx(0.5, rel=1e-4)
    assert "do not count" not in found.verdict


def test_masked_pictures_are_told_as_before() -> None:
    mask = torch.ones(COUNT, 30)
    mask[:, 20:] = 0
    x = draw(COUNT, 30) * mask
    found = audit_function(lambda o, x: 0.5 * (o - x).square(), draw(COUNT, 30), x, mask)
    assert "; 10 of 30 values do not count" in found.verdict


def test_the_axis_of_the_classes_is_found() -> None:
    padded = ONE_HOT.clone()
    padded[:, 9:] = 0
    assert find_class_axis(ONE_HOT) == find_class_axis(padded) == 2
    assert find_class_axis(ONE_HOT.movedim(2, 1)) == 1
    assert find_class_axis((draw(COUNT, 1, 6, 6) > 0).float()) is None
    assert find_class_axis(torch.zeros(COUNT, 6)) is find_class_axis([ONE_HOT]) is None
    assert find_class_axis(TOKENS) is None
