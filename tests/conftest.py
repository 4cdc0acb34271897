"""Toy data, nets and recipes that tests share."""

from typing import Any

import numpy as np
import pytest
import torch

from uncollapse.assemble import assemble
from uncollapse.data.prepared import Part
from uncollapse.vae import VAE

NETS = {
    "images": {"use": "mlp", "latents": 3, "hidden": 8, "encoder_layers": 2, "decoder_layers": 3},
    "tokens": {"use": "lstm", "latents": 3, "embedding": 5, "hidden": 8},
}
SMALL = [  # one entry of every net there is
    *NETS.values(),
    {"use": "linear", "latents": 3},
    {"use": "conv", "latents": 3, "channels": 4, "layers": 2},
    {"use": "pixelcnn", "latents": 3, "kernels": [3, 5], "channels": 6, "maps": 2, "encoder_channels": 6, "encoder_blocks": 2},
    {"use": "dilated_cnn", "latents": 3, "embedding": 5, "hidden": 8, "channels": 6, "dilations": [1, 2]},
]  # fmt: skip
CARDS = {
    "images": {"kind": "images", "shape": [4, 4], "values": 256},
    "tokens": {"kind": "tokens", "shape": [6], "values": 11},
}
LIKELIHOODS = {"images": "bernoulli", "tokens": "categorical"}


def toy_vae(kind: str, seed: int = 0, net: dict[str, Any] | None = None, **slots: str) -> VAE:
    """A small VAE for images or tokens, with the net of `NETS` or another one."""
    recipe = {
        "dataset": "toy",
        "net": net or NETS[kind],
        "likelihood": {"use": LIKELIHOODS[kind]},
        "decoder": {"use": slots.get("decoder", "plain")},
        "posterior": {"use": slots.get("posterior", "gaussian")},
    }
    return assemble(recipe, CARDS[kind], seed)


def toy_part(kind: str, count: int = 64, seed: int = 0) -> Part:
    """Images (grey) or sentences of 1 to 5 words and an end mark, in two classes that differ."""
    stream = np.random.default_rng(seed)
    labels = stream.integers(0, 2, count)
    if kind == "images":
        grey = stream.integers(0, 100, (count, 4, 4)) + 150 * (labels[:, None, None] == (np.arange(4) % 2))
        return Part(grey.astype(np.uint8), labels)
    words = stream.integers(3, 7, (count, 6)) + 4 * labels[:, None]
    length = stream.integers(1, 6, count)[:, None]
    place = np.arange(6)
    return Part(np.where(place < length, words, np.where(place == length, 2, 0)).astype(np.int16), labels)


@pytest.fixture(params=["images", "tokens"])
def kind(request: pytest.FixtureRequest) -> str:
    """Both kinds of data."""
    return request.param


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """As in a worker: more threads get in each other's way."""
    torch.set_num_threads(1)
