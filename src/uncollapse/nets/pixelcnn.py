"""A ResNet encodes grey images, and a gated PixelCNN, which hardly needs z, decodes them.

PixelCNN: van den Oord et al. 2016, arXiv 1606.05328, section 2. The nets of two papers, with 32 channels:

    Dieng et al. 2019, arXiv 1807.04863, tables 1, 2    kernels [3] * 9, maps 1
    He et al. 2019, arXiv 1901.05534, table 1          kernels [9] * 3 + [7] * 3 + [5] * 3 + [3] * 3, maps 4

(the latter's code has residual blocks without gates).

A layer has two stacks: v reads the rows above, h the same row to the left, and v; together they have no
blind spot. At the first layer the image stands a row lower for v and a pixel further right for h, so that
no pixel reads itself (the mask "A"). From then on a pixel may read its own v and h (the mask "B"), and
the maps of z from the start. The kernels hold just the weights that a mask would leave.
"""

from typing import Annotated

import torch
from pydantic import Field, PositiveInt
from torch import Tensor, nn
from torch.nn.functional import elu, pad

from uncollapse.errors import UserError
from uncollapse.methods.decoder import Join
from uncollapse.nets import Net
from uncollapse.nets.conv import join_map

# Small, for the tests of all nets.
EXAMPLE = {
    "latents": 3,
    "kernels": [3, 5],
    "channels": 6,
    "maps": 2,
    "encoder_channels": 6,
    "encoder_blocks": 2,
}


class ResidualBlock(nn.Module):
    """A residual block of two 3x3 convolutions that halves the image (the shape is He's), with ELU."""

    def __init__(self, inputs: int, channels: int):
        super().__init__()

        # He and Dieng normalise batches. Then q(z|x) of an example depends on its neighbours in training, and
        # in evaluation on averages that every pass moves, also a pass for the gradient of the decoder or the
        # adversary. An example that is normalised by itself has one q(z|x).
        def normal(kernel: int, stride: int, inputs: int) -> list[nn.Module]:
            layer = nn.Conv2d(inputs, channels, kernel, stride=stride, padding=kernel // 2, bias=False)
            return [layer, nn.GroupNorm(1, channels)]

        self.path = nn.Sequential(*normal(3, 2, inputs), nn.ELU(), *normal(3, 1, channels))
        self.short = nn.Sequential(*normal(1, 2, inputs))

    def forward(self, h: Tensor) -> Tensor:
        """Return (B, channels, H / 2, W / 2), rounded up, for h (B, inputs, H, W)."""
        return elu(self.path(h) + self.short(h))


class Encoder(nn.Module):
    """An encoder from x (B, H, W) to features (B, channels h w) of the last, smallest images."""

    def __init__(self, channels: int, blocks: int, shape: tuple[int, ...]):
        super().__init__()
        height, width = -(-shape[0] // 2**blocks), -(-shape[1] // 2**blocks)  # Rounded up.
        self.features = channels * height * width
        self.embed = nn.Identity()
        self.blocks = nn.Sequential(*(ResidualBlock(a, channels) for a in [1, *[channels] * (blocks - 1)]))

    def forward(self, x: Tensor, embedded: Tensor | None = None) -> Tensor:
        """Return features of x, or of what is embedded in its place."""
        return self.blocks((self.embed(x) if embedded is None else embedded).unsqueeze(1)).flatten(1)


def gate(h: Tensor) -> Tensor:
    """Gate the first half of the channels of h by the second half."""
    values, gates = h.chunk(2, 1)
    return values.tanh() * gates.sigmoid()


class Layer(nn.Module):
    """A gated layer (eq. 2, figure 2) without its residual connection.

    It maps v, h (B, inputs, H, W) to v, h (B, channels, H, W).
    """

    def __init__(self, inputs: int, channels: int, kernel: int):
        super().__init__()
        self.reach = kernel // 2
        self.vertical = nn.Conv2d(inputs, 2 * channels, (self.reach + 1, kernel), padding=(0, self.reach))
        self.horizontal = nn.Conv2d(inputs, 2 * channels, (1, self.reach + 1))
        self.link = nn.Conv2d(2 * channels, 2 * channels, 1)
        self.output = nn.Conv2d(channels, channels, 1)

    def forward(self, v: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        """Return the new v and h.

        v of a pixel reads v of rows down to its own; h of a pixel reads h of pixels up to itself, and its new
        v.
        """
        v = self.vertical(pad(v, (0, 0, self.reach, 0)))
        h = self.horizontal(pad(h, (self.reach, 0))) + self.link(v)
        return gate(v), self.output(gate(h))


class Decoder(nn.Module):
    """A decoder from z (B, D) and images x (B, H, W) to the output (B, H, W).

    The output of a pixel depends only on z and on the pixels before it in raster order. z becomes `maps`
    images of H x W, which stand beside x as further channels at the first layer. With skip connections every
    later layer, and the output, reads z as another H x W image too, the same for both stacks, by `join_map`
    (Dieng et al. 2019).
    """

    def __init__(
        self, latents: int, kernels: list[int], channels: int, maps: int, shape: tuple[int, ...], join: Join
    ):
        super().__init__()
        height, width = shape
        self.maps = nn.Linear(latents, maps * height * width)
        self.first = Layer(1 + maps, channels, kernels[0])
        self.layers = nn.ModuleList(Layer(channels, channels, kernel) for kernel in kernels[1:])
        self.joins = nn.ModuleList(join(latents, height * width) for _ in kernels)
        self.hidden = nn.Conv2d(channels, channels, 1)
        self.output = nn.Conv2d(channels, 1, 1)

    def forward(self, z: Tensor, x: Tensor) -> Tensor:
        """Return the output for z where x is read."""
        image = x.unsqueeze(1)
        maps = self.maps(z).view(len(x), -1, *x.shape[1:])
        lower, further_right = pad(image, (0, 0, 1, -1)), pad(image, (1, -1))
        v, h = self.first(torch.cat([lower, maps], 1), torch.cat([further_right, maps], 1))
        *joins, last = self.joins
        for layer, join in zip(self.layers, joins, strict=True):
            v, more = layer(join_map(join, v, z), join_map(join, h, z))
            h = h + more
        return self.output(self.hidden(join_map(last, h.relu(), z)).relu()).squeeze(1)


def pixelcnn(
    *,
    latents: PositiveInt,
    kernels: Annotated[list[PositiveInt], Field(min_length=1)],
    channels: PositiveInt = 32,
    maps: PositiveInt = 1,
    encoder_channels: PositiveInt = 64,
    encoder_blocks: PositiveInt = 3,
) -> Net:
    """Return a decoder with a layer of `channels` channels for each of `kernels`, and `maps` images of z.

    A pixel reads R + 1 pixels to the left and, in R + 1 rows above, all pixels at most R columns away, R
    the sum of all kernel // 2. Raises ValueError unless all sizes are odd.
    """
    if not all(kernel % 2 for kernel in kernels):
        raise ValueError(f"kernels {kernels} should be odd numbers")

    def build(shape: tuple[int, ...], values: int, join: Join) -> tuple[Encoder, Decoder]:
        if len(shape) != 2:
            raise UserError(
                f"net pixelcnn: it is for grey images, (height, width), not for {shape}; conv is for colour"
            )
        return (
            Encoder(encoder_channels, encoder_blocks, shape),
            Decoder(latents, kernels, channels, maps, shape, join),
        )

    return Net("images", latents, build, autoregressive=True)
