"""Slot `perturbation`: what do encoder and decoder get to read?

A piece gives a function from a batch x to what the encoder reads and what an autoregressive decoder reads of
it, in this order, both of x's shape. The target of the likelihood stays the clean x.
"""

from collections.abc import Callable

from torch import Tensor

Perturbation = Callable[[Tensor], tuple[Tensor, Tensor]]
