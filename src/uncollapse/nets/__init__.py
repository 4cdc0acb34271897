"""Slot `net` (of a data set): which encoder and decoder?"""

from collections.abc import Callable
from typing import Literal, NamedTuple

from torch import nn

from uncollapse.methods.decoder import Join


class Net(NamedTuple):
    """`build(shape, values, join)` makes an encoder and a decoder for examples of `shape` with `values`
    possible values.

    The encoder maps x (B, *shape) to features and has an attribute `features`, their number; it reads
    `embed(x)`, which is real, or what stands in its place. The decoder maps z (B, latents) and x to the
    output that the likelihood reads, and asks `join` (see `methods/decoder`) wherever z may enter; if it
    is `autoregressive` it reads those parts of x that lie before the one that it predicts.
    """

    kind: Literal["images", "tokens"]
    latents: int
    build: Callable[[tuple[int, ...], int, Join], tuple[nn.Module, nn.Module]]
    autoregressive: bool = False
