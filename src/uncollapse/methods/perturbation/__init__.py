"""Slot `perturbation`: what do encoder and decoder get to read? The target of the likelihood is always the clean x.

A piece gives a function from what they read so far, and the means to judge it, to what they read. Several pieces act one behind the other:
in params.yaml a list stands for them.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from uncollapse.vae import VAE


class Reads(NamedTuple):
    """The encoder reads `encoder`, (B, ...), or, where it is given, `embedded` in place of its embedding; an autoregressive decoder
    reads `decoder`."""

    encoder: Tensor
    decoder: Tensor
    embedded: Tensor | None = None


class Step(NamedTuple):
    """What a piece may use: the VAE; `slope(reads, embedded)`, the loss of each example, (B,), and its gradient in `embedded`, at the cost
    of a gradient step of both encoder and decoder; and random numbers."""

    vae: VAE
    slope: Callable[[Reads, Tensor], tuple[Tensor, Tensor]]
    stream: torch.Generator


Perturbation = Callable[[Reads, Step], Reads]
