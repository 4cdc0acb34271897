"""A small params.yaml, to be edited by tests."""

from pathlib import Path

import pytest

from uncollapse.errors import UserError
from uncollapse.experiment.params import Params

TEXT = """
grid:
  datasets: [mnist5k, kjv]
  models: [vae, control_vae]
  methods: [plain, skip]
  seeds: [0, 1, 2, 3]
datasets:
  mnist5k:
    source: {use: mnist5k}
    split: {reserve: 800, valid: 500, test: 500}
    net: {use: mlp, latents: 32, hidden: 128, encoder_layers: 2, decoder_layers: 4}
    likelihood: {use: bernoulli}
    training: {epochs: 10, batch_size: 64, learning_rate: 0.003}
    kl_target: 18.0
    arguments: {noise: {flip: 0.1}, adversarial: {radius: 0.01}}
  kjv:
    source: {use: kjv}
    split: {reserve: 600, valid: 400, test: 400}
    net: {use: lstm, latents: 16, embedding: 32, hidden: 48}
    likelihood: {use: categorical}
    training: {epochs: 3, batch_size: 32, learning_rate: 0.004}
    kl_target: 3.0
    arguments: {adversarial: {radius: 0.3}}
models:
  vae: {}
  control_vae: {kl_weight: {use: pi, kp: 0.01}}
  annealed: {kl_weight: {use: linear}}
methods:
  plain: {}
  skip: {decoder: {use: skip}}
  noise+adversarial: {perturbation: [{use: noise}, {use: adversarial}]}
evaluation: {most: 50}
"""
# the same with tuned methods: batch_norm in the grid, `both` outside of it
NORM = "batch_norm: {posterior: {use: batch_norm}, tune: {posterior.gamma: [0.3, 1]}}"
BOTH = """both:
    pretraining: {use: classifier}
    perturbation: {use: noise}
    tune: {perturbation.noise.flip: [0.2]}
"""
TUNED = (
    TEXT.replace("methods: [plain, skip]", "methods: [plain, batch_norm]")
    .replace("seeds: [0, 1, 2, 3]", "seeds: [0, 1]\n  tuning_seeds: [1000, 1001]")
    .replace("  skip: {", f"  {NORM}\n  {BOTH}  skip: {{")
)


def other(old: str, new: str) -> str:
    """The small params.yaml with something else in place of `old`."""
    assert old in TEXT
    return TEXT.replace(old, new, 1)


def params(folder: Path, text: str) -> Params:
    file = folder / "params.yaml"
    file.write_text(text)
    return Params(file)


def error(folder: Path, text: str) -> str:
    """The text of the error that params.yaml causes, which is one line."""
    with pytest.raises(UserError) as raised:
        params(folder, text)
    line = str(raised.value)
    assert "\n" not in line
    return line.removeprefix("params.yaml: ")
