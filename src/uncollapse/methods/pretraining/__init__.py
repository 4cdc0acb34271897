"""Slot `pretraining`: where does the encoder start?

A piece that pretrains learns on the part `reserve` of the data; the VAE then learns on the part `train`.
Without pretraining the VAE learns on both, so every method sees the same examples. `run(vae, reserve,
seed)` changes the weights of the VAE's encoder and yields a row {epoch, loss, accuracy, encoder_steps,
decoder_steps, gflops, ...} an epoch.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from uncollapse.data.prepared import Part
from uncollapse.vae import VAE

Row = dict[str, float]


class Pretraining(NamedTuple):
    """A start of the encoder; `run` is None if it starts from its initial weights."""

    run: Callable[[VAE, Part, int], Iterator[Row]] | None
