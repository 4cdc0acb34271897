"""Losses of another library are audited as those of torch are; tests/clients tries the real libraries."""

import sys
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from fake_jax import Array, asarray, exp, make_jax, mean, square
from torch import Tensor

import uncollapse
from uncollapse.your_vae.loss.array_bridge import bridge_arrays, bridge_function

GENERATOR = torch.Generator().manual_seed(0)
SHAPES = {"output": (16, 64), "x": (16, 64), "mu": (16, 4), "logvar": (16, 4)}
TENSORS = {name: torch.randn(shape, generator=GENERATOR) for name, shape in SHAPES.items()}
VERDICT = "a beta-VAE with beta 8, as if the reconstruction were averaged over 64 values"


@pytest.fixture(autouse=True)
def jax(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    module = make_jax()
    monkeypatch.setitem(sys.modules, "jax", module)
    return module


def torch_loss(output: Tensor, x: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
    """Means over the values and over the latents: beta is (1 / 4) / (2 / 64) = 8."""
    return (output - x).square().mean() + 0.5 * (mu.square() + logvar.exp() - logvar).mean()


def jax_loss(output: Array, x: Array, mu: Array, logvar: Array) -> Array:
    """The same."""
    return mean(square(output - x)) + mean(square(mu) + exp(logvar) - logvar) * 0.5


def numpy_loss(output: Any, x: Any, mu: Any, logvar: Any) -> Any:
    return np.square(output - x).mean() + 0.5 * (np.square(mu) + np.exp(logvar) - logvar).mean()


def convert(kind: str) -> dict[str, Any]:
    if kind == "torch":
        return dict(TENSORS)
    arrays = {name: tensor.numpy() for name, tensor in TENSORS.items()}
    if kind == "numpy":
        return arrays
    inside = {name: asarray(array) for name, array in arrays.items()}
    return {**inside, "x": arrays["x"]} if kind == "mixed" else inside


@pytest.mark.parametrize("kind", ["jax", "mixed", "numpy", "torch"])
def test_the_audit_of_a_loss_of_another_library_is_that_of_torch(kind: str) -> None:
    own, found = uncollapse.audit(torch_loss, **TENSORS), uncollapse.audit(jax_loss, **convert(kind))
    assert own.verdict.startswith(VERDICT)
    assert found.verdict == own.verdict
    assert found.beta == pytest.approx(8, rel=1e-4)
    assert found.averaged == own.averaged


def test_a_torch_loss_takes_arrays_of_numpy_and_results_may_be_in_a_dictionary() -> None:
    assert uncollapse.audit(torch_loss, **convert("numpy")).verdict.startswith(VERDICT)

    def wrapped(*batch: Any) -> Any:
        return {"loss": jax_loss(*batch)}["loss"]

    assert uncollapse.audit(wrapped, **convert("jax")).verdict.startswith(VERDICT)


def test_a_function_of_examples_has_the_gradient_of_each() -> None:
    tensors, library = bridge_arrays(convert("jax"))
    nll = bridge_function("likelihood", lambda output, x: square(output - x), library)
    output = tensors["output"].requires_grad_()
    weights = torch.randn(16, 64, generator=GENERATOR)
    value = nll(output, tensors["x"])
    value.backward(weights)
    assert torch.equal(value, (TENSORS["output"] - TENSORS["x"]).square())
    assert output.grad is not None
    expected = 2 * weights * (TENSORS["output"] - TENSORS["x"])
    assert output.grad.numpy() == pytest.approx(expected.numpy(), rel=1e-5)


@pytest.mark.parametrize(
    ("loss", "kind", "line"),
    [
        (
            numpy_loss,
            "numpy",
            "loss: it is written in NumPy, which cannot differentiate; write it in torch",
        ),
        (numpy_loss, "torch", "loss: it is written in NumPy, which cannot differentiate"),
        (numpy_loss, "jax", "loss: cannot be differentiated by JAX: it raises .*; it should have no NumPy"),
        (lambda *batch: {"loss": jax_loss(*batch)}, "jax", "loss: should return a tensor with one number"),
        (lambda *batch: float(mean(batch[0])), "jax", "loss: cannot be differentiated by JAX: it raises"),
        (
            lambda *batch: batch[0].unknown(),
            "torch",
            "loss: it raises AttributeError: 'Tensor' object has",
        ),
        (lambda output: output, "torch", "loss: it raises TypeError: .* takes 1 positional argument but 4"),
    ],
)
def test_what_cannot_be_differentiated_is_told_in_one_line(loss: Any, kind: str, line: str) -> None:
    with pytest.raises(ValueError, match=line) as refused:
        uncollapse.audit(loss, **convert(kind))
    assert "\n" not in str(refused.value)


def test_arrays_of_two_libraries_are_refused() -> None:
    with pytest.raises(ValueError, match="should all be of one library, not output of JAX and x of torch"):
        uncollapse.audit(jax_loss, **{**convert("jax"), "x": TENSORS["x"]})


def test_jax_is_not_asked_where_it_is_not_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "jax")
    with pytest.raises(ValueError, match="loss: it raises TypeError: not an array of this library"):
        uncollapse.audit(jax_loss, **TENSORS)
