"""The decoder gives another x for another z, so no dimension can be ignored: LIDVAE.

Wang, Blei & Cunningham 2021, arXiv 2301.00537.

    f(z) = g_2(B g_1(z)) + c        B: orthonormal columns, fixed; as many pixels as dimensions, or more
    g(x) = s x + W^T (a * tanh(W x + b)),    a > 0

g is the gradient of s |x|^2 / 2 + sum_i a_i ln cosh(w_i x + b_i), which is strongly convex (a Brenier map):
|g(x) - g(y)| >= s |x - y|. So f is injective with the inverse Lipschitz constant s^2, which can be chosen
(Kinoshita et al. 2023, arXiv 2304.12770). The authors' convex nets are deeper. Skip connections enter g_2,
and take the guarantee away.
"""

import math

import torch
from pydantic import PositiveFloat, PositiveInt
from torch import Tensor, nn
from torch.nn.functional import softplus

from uncollapse.errors import UserError
from uncollapse.methods.decoder import Join
from uncollapse.nets import Net, _he
from uncollapse.nets.mlp import Encoder

EXAMPLE = {"latents": 3, "hidden": 8}  # Small, for the tests of all nets.


class Brenier(nn.Module):
    """A map from x (B, n) to g(x) of the same shape."""

    def __init__(self, size: int, hidden: int, strength: float):
        super().__init__()
        self.linear, self.strength = _he.Linear(size, hidden), strength
        self.weight = nn.Parameter(torch.empty(hidden))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Start with a = ln 2."""
        nn.init.zeros_(self.weight)

    def forward(self, x: Tensor, h: Tensor | None = None) -> Tensor:
        """Return g(x); `h` (B, hidden) stands in place of W x + b."""
        slopes = softplus(self.weight) * torch.tanh(self.linear(x) if h is None else h)
        return self.strength * x + slopes @ self.linear.weight


class RandomSubspace(nn.Module):
    """A map from z (B, D) to B z, (B, pixels), which is as long as z, in a random subspace."""

    columns: Tensor

    def __init__(self, latents: int, pixels: int):
        super().__init__()
        self.register_buffer("columns", torch.empty(pixels, latents))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the subspace."""
        nn.init.orthogonal_(self.columns)

    def forward(self, z: Tensor) -> Tensor:
        """Return B z."""
        return z @ self.columns.T


class Decoder(nn.Module):
    """A decoder from z (B, D) to f(z) of `shape`."""

    def __init__(self, latents: int, hidden: int, shape: tuple[int, ...], strength: float, join: Join):
        super().__init__()
        self.shape, pixels = shape, math.prod(shape)
        self.first, self.spread = Brenier(latents, hidden, strength), RandomSubspace(latents, pixels)
        self.second, self.join = Brenier(pixels, hidden, strength), join(latents, hidden)
        self.bias = nn.Parameter(torch.zeros(pixels))

    def forward(self, z: Tensor, x: Tensor) -> Tensor:
        """Return f(z); x is not read."""
        u = self.spread(self.first(z))
        return (self.second(u, self.join(self.second.linear(u), z)) + self.bias).view(-1, *self.shape)


def brenier(
    *,
    latents: PositiveInt,
    hidden: PositiveInt,
    encoder_layers: PositiveInt = 2,
    inverse_lipschitz: PositiveFloat = 0.1,
) -> Net:
    """Return the encoder of `mlp` and a decoder with |f(z) - f(z')| >= `inverse_lipschitz` |z - z'|.

    Building it raises UserError where z has more dimensions than x.
    """

    def build(shape: tuple[int, ...], values: int, join: Join) -> tuple[Encoder, Decoder]:
        if latents > math.prod(shape):
            raise UserError(
                f"net brenier: {latents} latents are more than the {math.prod(shape)} values of x"
            )
        encoder = Encoder(math.prod(shape), hidden, encoder_layers, _he.Linear)
        return encoder, Decoder(latents, hidden, shape, math.sqrt(inverse_lipschitz), join)

    return Net("images", latents, build)
