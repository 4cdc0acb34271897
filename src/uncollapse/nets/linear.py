"""Encoder and decoder are linear, so the optimum of training is known for a Gaussian likelihood.

Lucas et al. 2019, arXiv 1911.02469.
"""

import math

from pydantic import PositiveInt
from torch import Tensor, nn

from uncollapse.methods.decoder import Join
from uncollapse.nets import Net

EXAMPLE = {"latents": 3}  # Small, for the tests of all nets.


class Encoder(nn.Module):
    """An encoder from x (B, ...) to x itself, flat: the posterior's head is the only layer."""

    def __init__(self, inputs: int):
        super().__init__()
        self.features = inputs
        self.embed = nn.Identity()

    def forward(self, x: Tensor, embedded: Tensor | None = None) -> Tensor:
        """Return x, or what is embedded in its place, (B, inputs)."""
        return (self.embed(x) if embedded is None else embedded).flatten(1)


class Decoder(nn.Module):
    """A decoder from z (B, D) to W z + b of `shape`."""

    def __init__(self, latents: int, shape: tuple[int, ...], join: Join):
        super().__init__()
        self.shape = shape
        self.output = nn.Linear(latents, math.prod(shape))
        self.join = join(latents, math.prod(shape))

    def forward(self, z: Tensor, x: Tensor) -> Tensor:
        """Return the output for z; x is not read."""
        return self.join(self.output(z), z).view(-1, *self.shape)


def linear(*, latents: PositiveInt) -> Net:
    """Return a linear encoder and a linear decoder."""

    def build(shape: tuple[int, ...], values: int, join: Join) -> tuple[Encoder, Decoder]:
        return Encoder(math.prod(shape)), Decoder(latents, shape, join)

    return Net("images", latents, build)
