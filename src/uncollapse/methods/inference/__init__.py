"""Slot `inference`: who moves at this step, the encoder, the decoder or both?

A piece gives `step(batch, move)`: it is called once a training batch and makes gradient steps by calling
`move(batch, encoder=..., decoder=...)`, which steps those that are True and returns the batch's loss, a scalar tensor.
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from torch import Tensor


class Move(Protocol):
    """One gradient step on the loss of a batch, by the encoder, the decoder, or both."""

    def __call__(self, batch: Tensor, *, encoder: bool, decoder: bool) -> Tensor: ...


class Inference(NamedTuple):
    """An order in which encoder and decoder move."""

    step: Callable[[Tensor, Move], None]
