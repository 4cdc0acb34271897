"""What a loss may return, and how one number is asked for."""

import re
from types import SimpleNamespace
from typing import Any

import pytest
from losses import batch, pythae

import uncollapse


@pytest.mark.parametrize(
    ("loss", "line"),
    [
        (lambda *_: 3.0, "loss: should return a tensor with one number, the loss of the batch, not float"),
        (
            lambda o, x, mu, logvar: (o - x).square(),
            "not one of shape (16, 784): take its sum or mean, as the training does",
        ),
        (
            lambda *given: (pythae(*given), given[2].sum()),
            "it returns 2 results: pass lambda *batch: my_loss(*batch)[0] if the first is the loss, or "
            "lambda *batch: sum(my_loss(*batch)[:2]) if the first two are its terms",
        ),
        (
            lambda *given: {"kl": given[2].sum(), "total_loss": pythae(*given)},
            "pass one: lambda *batch: my_loss(*batch)['total_loss']",
        ),
        (lambda *given: SimpleNamespace(loss=pythae(*given)), "lambda *batch: my_loss(*batch).loss"),
        (lambda *_: {}, "not an empty dictionary"),
        (lambda *_: (), "not tuple"),
        (lambda *_: None, "not NoneType"),
    ],
)
def test_a_loss_with_another_result_is_told_how_to_pass_one_number(loss: Any, line: str) -> None:
    with pytest.raises(ValueError, match=re.escape(line)) as raised:
        uncollapse.audit(loss, *batch())
    assert "\n" not in str(raised.value)
