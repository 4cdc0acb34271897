"""The slot `perturbation` of methods.

What do encoder and decoder read? The likelihood is always that of the clean x.

A piece is a `Perturbation`, which maps the current inputs of encoder and decoder to new ones. Several pieces
act one after the other: in params.yaml they are a list.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from uncollapse.vae import VAE


class Inputs(NamedTuple):
    """The inputs of encoder and decoder.

    The encoder reads `encoder` (B, ...) or, if given, `embedded` in place of its embedding; an autoregressive
    decoder reads `decoder`.
    """

    encoder: Tensor
    decoder: Tensor
    embedded: Tensor | None = None


class Context(NamedTuple):
    """The net, the loss and the random numbers that a piece may use.

    gradient: `gradient(inputs, embedded)` gives the loss of each example (B,) and its gradient in
    `embedded`; it costs, and counts as, a gradient step of both encoder and decoder. generator: random
    numbers.
    """

    vae: VAE
    gradient: Callable[[Inputs, Tensor], tuple[Tensor, Tensor]]
    generator: torch.Generator


@dataclass(frozen=True)
class Perturbation:
    """A change of the inputs: `run(inputs, context)` gives the new ones.

    `reads_words` says that it acts on the words of this project's data, which stand as tokens.
    """

    run: Callable[[Inputs, Context], Inputs]
    reads_words: bool = False

    def __call__(self, inputs: Inputs, context: Context) -> Inputs:
        return self.run(inputs, context)
