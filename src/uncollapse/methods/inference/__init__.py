"""Slot `inference`: who moves at this step, the encoder, the decoder or both?

A piece gives three functions. `init()` makes the state before the first step. `step(state, batch, move, draw)` is called once a
training batch and makes gradient steps by calling `move`; `draw()` gives another training batch at random. `epoch(state, mi)` gives the
state for the next epoch and may call `mi()`, which measures the mutual information (nats) on the validation data.
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from torch import Tensor

State = dict[str, float]


class Moved(NamedTuple):
    """The loss of a batch before a gradient step, summed over examples (nats), and the number of images or words that it is for."""

    loss: Tensor
    units: Tensor | int


class Move(Protocol):
    """One gradient step on the loss of a batch, by the encoder, the decoder, or both."""

    def __call__(self, batch: Tensor, *, encoder: bool, decoder: bool) -> Moved: ...


Step = Callable[[State, Tensor, Move, Callable[[], Tensor]], None]


class Inference(NamedTuple):
    """An order in which encoder and decoder move."""

    init: Callable[[], State]
    step: Step
    epoch: Callable[[State, Callable[[], float]], State]
