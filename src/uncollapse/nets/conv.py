"""Every layer of the encoder halves the image, every layer of the decoder doubles it.

Radford et al. 2016, arXiv 1511.06434. Kernels of 4 with strides of 2, no normalisation, ReLU between layers,
which start from He's weights. Halving an odd size rounds down, and a row or column of output padding brings
it back: 28 -> 14 -> 7 -> 3 -> 7 -> 14 -> 28.
"""

from itertools import pairwise

from pydantic import PositiveInt
from torch import Tensor, nn

from uncollapse.errors import UserError
from uncollapse.methods.decoder import Join
from uncollapse.nets import Net, _he

EXAMPLE = {"latents": 3, "channels": 4, "layers": 2}  # Small, for the tests of all nets.


def join_map(join: nn.Module, h: Tensor, z: Tensor) -> Tensor:
    """Join h (B, C, H, W), which a layer is about to read, with an image of z.

    `join` has H W features, and h_c becomes h_c + W_z z for every channel c. Dieng et al. 2019 concatenate
    the image as one more channel: W [h; W_z z]. Here the weights of that channel are the sum over all
    channels, so a layer has the same weights with and without it.
    """
    return join(h.flatten(2), z).view_as(h)


class Encoder(nn.Module):
    """An encoder from x (B, H, W) or (B, H, W, C) to features (B, width h w), the last, smallest images."""

    def __init__(self, widths: list[int], sizes: list[tuple[int, int]]):
        super().__init__()
        self.image = (*sizes[0], widths[0])
        self.features = widths[-1] * sizes[-1][0] * sizes[-1][1]
        self.embed = nn.Identity()
        self.layers = nn.ModuleList(_he.Conv2d(a, b, 4, stride=2, padding=1) for a, b in pairwise(widths))

    def forward(self, x: Tensor, embedded: Tensor | None = None) -> Tensor:
        """Return features of x, or of what is embedded in its place."""
        h = (self.embed(x) if embedded is None else embedded).reshape(-1, *self.image).movedim(3, 1)
        for layer in self.layers:
            h = layer(h).relu_()
        return h.flatten(1)


class Decoder(nn.Module):
    """A decoder from z (B, D) to the output (B, *shape), from the smallest images to the largest.

    A linear map gives the smallest images, and each layer doubles them. With skip connections z enters every
    transposed convolution too, as an image of the size that the layer reads, by `join_map`.
    """

    def __init__(
        self,
        latents: int,
        widths: list[int],
        sizes: list[tuple[int, int]],
        shape: tuple[int, ...],
        join: Join,
    ):
        super().__init__()
        self.shape, self.smallest = shape, (widths[-1], *sizes[-1])
        self.first = _he.Linear(latents, widths[-1] * sizes[-1][0] * sizes[-1][1])
        self.layers, self.joins = nn.ModuleList(), nn.ModuleList()
        for (larger, (height, width)), (smaller, (h, w)) in pairwise(
            reversed([*zip(widths, sizes, strict=True)])
        ):
            rest = (h - 2 * height, w - 2 * width)
            self.layers.append(
                _he.ConvTranspose2d(larger, smaller, 4, stride=2, padding=1, output_padding=rest)
            )
            self.joins.append(join(latents, height * width))

    def forward(self, z: Tensor, x: Tensor) -> Tensor:
        """Return the output for z; x is not read."""
        h = self.first(z).view(-1, *self.smallest)
        for layer, join in zip(self.layers, self.joins, strict=True):
            h = layer(join_map(join, h.relu(), z))
        return h.movedim(1, 3).reshape(-1, *self.shape)


def conv(*, latents: PositiveInt, channels: PositiveInt, layers: PositiveInt) -> Net:
    """Return convolutional nets of `layers` layers.

    The layer at the image has `channels` channels, and every further one twice as many as the one before.
    """

    def build(shape: tuple[int, ...], values: int, join: Join) -> tuple[Encoder, Decoder]:
        if len(shape) not in (2, 3) or min(shape[:2]) < 2**layers:
            least = f"{2**layers} x {2**layers}"
            raise UserError(
                f"net conv: {layers} layers are for images of {least} pixels or more, not for {shape}"
            )
        sizes = [(shape[0] >> i, shape[1] >> i) for i in range(layers + 1)]
        widths = [*shape[2:]] or [1]
        widths += [channels << i for i in range(layers)]
        return Encoder(widths, sizes), Decoder(latents, widths, sizes, shape, join)

    return Net("images", latents, build)
