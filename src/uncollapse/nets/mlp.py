"""Encoder and decoder are fully connected, with ReLU: the deeper the decoder, the more dimensions collapse.

Dieng et al. 2019, arXiv 1807.04863, table 3. `init` says where hidden layers start: `he` keeps the scale of
signals; `torch` is torch's default, from which the same deep decoder collapses more.
"""

import math
from typing import Literal

from pydantic import PositiveInt
from torch import Tensor, nn

from uncollapse.methods.decoder import Join
from uncollapse.nets import Net, _he

# Small, for the tests of all nets.
EXAMPLE = {
    "latents": 3,
    "hidden": 8,
    "encoder_layers": 2,
    "decoder_layers": 3,
}
HIDDEN_LAYERS = {"he": _he.Linear, "torch": nn.Linear}


class Encoder(nn.Module):
    """An encoder from x (B, ...) to features (B, hidden)."""

    def __init__(self, inputs: int, hidden: int, layers: int, linear: type[nn.Linear]):
        super().__init__()
        self.features = hidden
        self.embed = nn.Identity()
        self.layers = nn.ModuleList(linear(hidden if i else inputs, hidden) for i in range(layers))

    def forward(self, x: Tensor, embedded: Tensor | None = None) -> Tensor:
        """Return features of x, or of what is embedded in its place."""
        h = (self.embed(x) if embedded is None else embedded).flatten(1)
        for layer in self.layers:
            h = layer(h).relu_()
        return h


class Decoder(nn.Module):
    """A decoder from z (B, D) to logits (B, *shape).

    h_1 = f_0(z), h_{l+1} = f_l(h_l) or, with skip connections, f_l(h_l, z).
    """

    def __init__(
        self,
        latents: int,
        hidden: int,
        layers: int,
        shape: tuple[int, ...],
        join: Join,
        linear: type[nn.Linear],
    ):
        super().__init__()
        self.shape = shape
        self.first = linear(latents, hidden)
        self.layers = nn.ModuleList(linear(hidden, hidden) for _ in range(layers - 1))
        self.joins = nn.ModuleList(join(latents, hidden) for _ in range(layers - 1))
        self.output = nn.Linear(hidden, math.prod(shape))

    def forward(self, z: Tensor, x: Tensor) -> Tensor:
        """Return the logits for z; x is not read."""
        h = self.first(z).relu_()
        for layer, join in zip(self.layers, self.joins, strict=True):
            h = join(layer(h), z).relu_()
        return self.output(h).view(-1, *self.shape)


def mlp(
    *,
    latents: PositiveInt,
    hidden: PositiveInt,
    encoder_layers: PositiveInt,
    decoder_layers: PositiveInt,
    init: Literal["he", "torch"] = "he",
) -> Net:
    """Return nets of `encoder_layers` and `decoder_layers` hidden layers of `hidden` units."""

    def build(shape: tuple[int, ...], values: int, join: Join) -> tuple[Encoder, Decoder]:
        return (
            Encoder(math.prod(shape), hidden, encoder_layers, HIDDEN_LAYERS[init]),
            Decoder(latents, hidden, decoder_layers, shape, join, HIDDEN_LAYERS[init]),
        )

    return Net("images", latents, build)
