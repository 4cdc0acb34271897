"""What cannot be right is refused in one line that names the argument, the cause and the mend."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from linear_model import make_model
from torch import Tensor, nn

import uncollapse
from uncollapse.errors import escape_line

MODEL = make_model(4, 2)
X, Z = MODEL.draw(120, 3)
NET = nn.Sequential(nn.Linear(2, 64), nn.ReLU(), nn.Dropout(0.5), nn.Linear(64, 4))
NORM = nn.Sequential(nn.Linear(2, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 4))


def nll_of(net: nn.Module) -> Callable[[Tensor, Tensor], Tensor]:
    return lambda x, z: (x - net(z)).square().sum(1)


def refuse(nll: Any = MODEL.nll, x: Any = X, z: Any = Z, **more: Any) -> str:
    """The line with which a call is refused."""
    with pytest.raises(ValueError, match=r"^\w+(\[.*\])?: ") as caught:
        uncollapse.reads(nll, x, z, **more)
    text = str(caught.value)
    assert text == escape_line(text), "one line"
    return text


def test_dropout_and_a_decoder_that_samples_are_found() -> None:
    NET.train()
    text = refuse(nll_of(NET))
    assert text.startswith("nll: gives other values when it is called again with the same x and z")
    assert "put the model in eval()" in text
    assert "put the model in eval()" in refuse(lambda x, z: MODEL.nll(x, z + torch.randn(z.shape)))
    NET.eval()
    assert uncollapse.reads(nll_of(NET), X, Z).n == 120


def test_statistics_of_the_batch_are_found() -> None:
    NORM.train()
    text = refuse(nll_of(NORM))
    assert text.startswith("nll: the value of an example changes with the other examples of its batch")
    NORM.eval()
    assert uncollapse.reads(nll_of(NORM), X, Z).n == 120
    assert "changes with the other examples" in refuse(lambda x, z: MODEL.nll(x, z).mean().expand(len(x)))
    assert "changes with the other examples" in refuse(lambda x, z: MODEL.nll(x, z) / len(x))


@pytest.mark.parametrize(
    ("nll", "text"),
    [
        (
            lambda x, z: MODEL.nll(x, z).mean(),
            "nll: should return one value for each of the 120 examples, not",
        ),
        (lambda x, z: float(MODEL.nll(x, z).sum()), "take no sum or mean over the batch"),
        (
            lambda x, z: (x - z @ MODEL.weight.T).square(),
            "(120,), not (120, 4): take the sum over the other axes",
        ),
        (lambda x, z: MODEL.nll(x, z)[:50], "nll: should return values of shape (120,), not (50,)"),
        (lambda x, z: None, "nll: should return -log p(x|z) of each example, (120,), not of type NoneType"),
        (lambda x, z: (MODEL.nll(x, z), z), "(120,), not of type tuple"),
        (lambda x, z: {"loss": MODEL.nll(x, z)}, "(120,), not of type dict"),
        (lambda x, z: ["a"] * len(x), "nll: should be an array of real numbers"),
        (lambda x, z: MODEL.nll(x, z) > 0, "nll: should be an array of real numbers"),
        (lambda x, z: MODEL.nll(x, z).log() * math_nan(), "nll: 120 of 120 values are NaN or infinite"),
        (
            lambda x, z: torch.where((z == Z[: len(z)]).all(1), 1.0, torch.inf),
            "nll: 120 of 120 values are NaN or infinite with the z of another example",
        ),
        (X, "nll: should be a function nll(x, z) that returns -log p(x|z), not of type Tensor"),
        (None, "nll: should be a function nll(x, z)"),
    ],
)
def test_a_loss_of_the_wrong_form(nll: Any, text: str) -> None:
    assert text in refuse(nll)


def math_nan() -> float:
    return float("nan")


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"x": X[:90]}, "x: should have as many examples as z, 120, not 90 examples"),
        ({"x": None}, "x: should have as many examples as z, 120, not of type NoneType"),
        ({"x": (X, X[:3])}, "x[1]: should have as many examples as z, 120, not 3 examples"),
        ({"x": {"a": X, "b": 3.0}}, "x['b']: should have as many examples as z, 120, not of type float"),
        ({"z": (Z, Z[:7])}, "z[1]: should have as many examples as z, 120, not 7 examples"),
        ({"z": None}, "z: should be an array (examples, ...), not of type NoneType"),
        ({"z": 3.0}, "z: should be an array (examples, ...), not of type float"),
        ({"z": torch.tensor(3.0)}, "z: should be an array (examples, ...), not a single number"),
        ({"z": ()}, "z: should be an array (examples, ...), not of type tuple"),
        ({"z": []}, "z: should be an array (examples, ...), not of type list"),
        ({"z": "codes"}, "z: should be an array (examples, ...), not of type str"),
        ({"x": X[:1], "z": Z[:1]}, "z: should have two examples or more, not 1"),
        ({"z": Z * torch.nan}, "z: has 240 values that are NaN or infinite"),
        ({"z": Z[:, :0]}, "z: has no values: its shape is (120, 0)"),
        ({"z": np.array(["a"] * 120)}, "z: should be an array of real numbers"),
        (
            {"z": torch.distributions.Normal(Z, 1.0)},
            "z: should be an array (examples, ...), not of type Normal",
        ),
        ({"size": 0}, "size: should be a whole number of examples, 1 or more, not 0"),
        ({"size": 2.5}, "size: should be a whole number"),
        ({"seed": "a"}, "seed: should be a whole number, not 'a'"),
        ({"prior": True}, "prior: should be an array of real numbers"),
        ({"prior": "normal"}, "prior: should be an array of real numbers"),
        (
            {"prior": torch.randn(120, 3)},
            "prior: its samples should have the shape of z, (120, 2), not (120, 3)",
        ),
        (
            {"prior": torch.randn(60, 2)},
            "prior: its samples should have the shape of z, (120, 2), not (60, 2)",
        ),
        ({"prior": torch.randn(120, 2) / 0}, "prior: its samples have values that are NaN or infinite"),
        ({"prior": torch.distributions.Normal(torch.zeros(3), 1)}, "prior: gives samples of shape (3,)"),
        ({"prior": lambda: Z}, "prior: could not draw 120 samples"),
        ({"prior": (torch.zeros(3), torch.zeros(3))}, "prior: mean and log-variance should broadcast to z"),
        (
            {"z": (Z, Z), "prior": torch.randn(120, 2)},
            "prior: should have one prior for each of the 2 levels",
        ),
    ],
)
def test_arguments_that_do_not_fit(given: dict[str, Any], text: str) -> None:
    assert text in refuse(**given)


def test_the_sign_of_the_loss_is_questioned() -> None:
    verdict = uncollapse.reads(lambda x, z: -MODEL.nll(x, z), X, Z).verdict
    assert verdict.startswith("in doubt: the z of another example is better than the own one by")
    assert "does nll return log p(x|z) without the minus" in verdict


def test_an_error_in_the_loss_is_that_of_the_loss() -> None:
    def broken(x: Tensor, z: Tensor) -> Tensor:
        raise RuntimeError("the decoder fails")

    with pytest.raises(RuntimeError, match="the decoder fails"):
        uncollapse.reads(broken, X, Z)


def test_two_examples_are_enough_for_an_answer() -> None:
    found = uncollapse.reads(MODEL.nll, X[:2], Z[:2])
    assert found.n == 2
    assert found.answer in ("not known", "reads", "does not read", "in doubt")
    assert np.isfinite([found.other_low, found.other_high]).all()
    assert SimpleNamespace(**found.as_dict()).verdict == found.verdict


def test_a_condition_that_the_loss_keeps_to_itself_is_asked_for() -> None:
    condition = torch.ones(len(X), 4)
    text = refuse(lambda x, z: MODEL.nll(x * condition, z))
    assert text.startswith("nll: works for all 120 examples, but fails for 60 of them")
    assert text.endswith("should come in x: reads(nll, (x, condition), z)")
    assert uncollapse.reads(lambda x, z: MODEL.nll(x[0] * x[1], z), (X, condition), Z).n == 120
