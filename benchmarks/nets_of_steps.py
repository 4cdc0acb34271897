"""The nets, the data and the timer that all benchmarks of a gradient step share."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from uncollapse.data.part import Part
from uncollapse.experiment.recipe import Recipe
from uncollapse.pipeline.assemble import assemble
from uncollapse.vae import VAE

BATCHES = 60  # per round
NETS: dict[str, tuple[dict[str, Any], int]] = {  # A net and its batch size.
    "default": ({"use": "mlp", "latents": 32, "hidden": 128, "encoder_layers": 2, "decoder_layers": 4}, 64),
    "reference": (
        {"use": "mlp", "latents": 20, "hidden": 400, "encoder_layers": 1, "decoder_layers": 1},
        128,
    ),
    "lstm": ({"use": "lstm", "latents": 16, "embedding": 32, "hidden": 48}, 32),
}
Run = Callable[[], float]  # Trains for BATCHES batches and returns examples a second.


def data_of(kind: str) -> tuple[Part, dict[str, Any]]:
    """Noise in the shape of mnist5k or kjv, and its card."""
    rng = np.random.default_rng(0)
    if kind == "images":
        x = rng.integers(0, 256, (8000, 28, 28)).astype(np.uint8)
        return Part(x), {"kind": kind, "shape": [28, 28], "values": 256}
    lengths = rng.integers(8, 17, (2500, 1))
    words = rng.integers(3, 674, (2500, 16))
    x = np.where(np.arange(16) < lengths - 1, words, np.where(np.arange(16) < lengths, 2, 0))
    return Part(x.astype(np.int16)), {"kind": kind, "shape": [16], "values": 674}


def vae_of(net: str, card: dict[str, Any]) -> VAE:
    """Make a new VAE."""
    likelihood = "bernoulli" if card["kind"] == "images" else "categorical"
    recipe = {"dataset": "benchmark", "net": NETS[net][0], "likelihood": {"use": likelihood}}
    pieces = {"decoder": {"use": "plain"}, "posterior": {"use": "gaussian"}}
    return assemble(Recipe({**recipe, **pieces}), card, 0)


def timed(step: Callable[[], Any], size: int, count: int = BATCHES) -> Run:
    """Examples a second of `count` calls."""

    def run() -> float:
        start = time.perf_counter()
        for _ in range(count):
            step()
        return size * count / (time.perf_counter() - start)

    return run
