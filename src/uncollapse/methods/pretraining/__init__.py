"""Slot `pretraining`: where does the encoder start?

A piece that pretrains learns on the part `reserve` of the data; the VAE then learns on the part `train`.
Without pretraining the VAE learns on both, so every method sees the same examples.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from uncollapse.data.prepared import Part
from uncollapse.vae import VAE

Row = dict[str, float]
State = dict[str, Any]


class Pretraining(NamedTuple):
    """A start of the encoder; `run` is None if it starts from its initial weights.

    `run(vae, reserve, seed, saved)` has changed the weights of the VAE's encoder when it is at its end. An
    epoch, it yields a row {epoch, loss, accuracy, encoder_steps, decoder_steps, gflops, ...}, and its state:
    references to all that changes, as torch.save takes them. Given such a state as `saved`, which is None at
    the start, it goes on after that epoch to the result that it would have had.
    """

    run: Callable[[VAE, Part, int, State | None], Iterator[tuple[Row, State]]] | None
