"""The slot `net` of a data set.

Which encoder and decoder?
"""

from collections.abc import Callable
from typing import Literal, NamedTuple

from torch import nn

from uncollapse.methods.decoder import Join


class Net(NamedTuple):
    """An encoder and a decoder for one kind of data.

    `build(shape, values, join)` makes them for examples of `shape` with `values` possible values. The encoder
    maps x (B, *shape) to features and has an attribute `features`, their number; it reads `embed(x)`, which
    is real, or what stands in its place. The decoder maps z (B, latents) and x to the output that the
    likelihood reads, and asks `join` (see `methods/decoder`) wherever z may enter; if it is `autoregressive`
    it reads the parts of x that lie before the part that it predicts.
    """

    kind: Literal["images", "tokens"]
    latents: int
    build: Callable[[tuple[int, ...], int, Join], tuple[nn.Module, nn.Module]]
    autoregressive: bool = False
