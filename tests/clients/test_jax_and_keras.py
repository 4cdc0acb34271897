"""Losses and arrays of the real JAX and Keras; the examples of docs/from-jax-or-keras.md."""

import os
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")

import jax
import keras
import numpy as np
import pytest
import torch
from jax import numpy as jnp
from keras import ops
from snippets import find_pairs

import uncollapse

PAGE = (Path(__file__).parent.parent.parent / "docs/from-jax-or-keras.md").read_text()
SHAPES = {"output": (16, 64), "x": (16, 64), "mu": (16, 4), "logvar": (16, 4)}
ARRAYS = {
    name: np.random.default_rng(seed).normal(size=shape).astype(np.float32)
    for seed, (name, shape) in enumerate(SHAPES.items())
}
VERDICT = "a beta-VAE with beta 8, as if the reconstruction were averaged over 64 values"


def torch_loss(output: Any, x: Any, mu: Any, logvar: Any) -> Any:
    return ((output - x) ** 2).mean() - 0.5 * (1 + logvar - mu**2 - logvar.exp()).mean()


def jax_loss(output: Any, x: Any, mu: Any, logvar: Any) -> Any:
    return jnp.mean((output - x) ** 2) - 0.5 * jnp.mean(1 + logvar - mu**2 - jnp.exp(logvar))


def keras_loss(output: Any, x: Any, mu: Any, logvar: Any) -> Any:
    reconstruction = ops.mean(keras.losses.mean_squared_error(x, output))
    return reconstruction - 0.5 * ops.mean(1 + logvar - mu**2 - ops.exp(logvar))


@pytest.mark.parametrize(
    ("loss", "convert"),
    [
        (jax_loss, jnp.asarray),
        (jax.jit(jax_loss), jnp.asarray),
        (lambda *batch: {"loss": jax_loss(*batch)}["loss"], jnp.asarray),
        (jax_loss, np.asarray),
        (jax.jit(jax_loss), torch.tensor),
        (jax_loss, lambda array: jnp.asarray(array, jnp.bfloat16)),
        (keras_loss, ops.convert_to_tensor),
        (keras_loss, np.asarray),
        (keras_loss, keras.Variable),
    ],
)
def test_a_loss_is_audited_as_that_of_torch(loss: Any, convert: Any) -> None:
    own = uncollapse.audit(torch_loss, **{name: torch.tensor(array) for name, array in ARRAYS.items()})
    found = uncollapse.audit(loss, **{name: convert(array) for name, array in ARRAYS.items()})
    assert found.verdict.startswith(VERDICT)
    assert found.beta == pytest.approx(own.beta, rel=1e-2 if found.beta != own.beta else 1e-6)


def test_what_jax_cannot_differentiate_is_told_in_one_line() -> None:
    arrays = {name: jnp.asarray(array) for name, array in ARRAYS.items()}
    with pytest.raises(ValueError, match="loss: cannot be differentiated by JAX: it raises") as refused:
        uncollapse.audit(lambda *batch: float(jax_loss(*batch)), **arrays)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("kind", [jnp.float32, jnp.float16, jnp.bfloat16])
def test_arrays_are_diagnosed_as_those_of_numpy(kind: Any) -> None:
    mu, logvar = (jnp.asarray(np.resize(ARRAYS[name], (500, 4)), kind) for name in ("mu", "logvar"))
    own = uncollapse.diagnose(np.asarray(mu, np.float64), np.asarray(logvar, np.float64))
    assert uncollapse.diagnose(mu, logvar).as_dict() == own.as_dict()
    assert uncollapse.diagnose(codes=(mu > 0).astype(int), size=2).used == 2


def test_the_examples_of_the_page_print_what_stands_below_them(capsys: pytest.CaptureFixture[str]) -> None:
    scope: dict[str, Any] = {}
    pairs = find_pairs(PAGE)
    assert len(pairs) >= 3
    for code, output in pairs:
        exec(compile(code, "docs/from-jax-or-keras.md", "exec"), scope)
        assert capsys.readouterr().out == output
