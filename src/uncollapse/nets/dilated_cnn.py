"""An LSTM encodes sentences, and a dilated causal CNN of a chosen reach decodes them.

Yang et al. 2017, arXiv 1702.08139: how far back the decoder sees, and so how much it needs z, is chosen.

Residual blocks as in ByteNet (Kalchbrenner et al. 2016, arXiv 1610.10099, figure 3), with kernels of 3.
Dilations d_1, d_2, ... let it see

    context = 1 + 2 (d_1 + d_2 + ...)

tokens: 15 with [1, 2, 4], 63 with [1, 2, 4, 8, 16] and 125 with twice that, which are Yang's SCNN, MCNN
and LCNN.
"""

from typing import Annotated

from pydantic import Field, PositiveInt
from torch import Tensor, nn
from torch.nn.functional import pad

from uncollapse.methods.decoder import Join
from uncollapse.nets import Net
from uncollapse.nets.lstm import Encoder, embed_inputs

# Small, for the tests of all nets.
EXAMPLE = {
    "latents": 3,
    "embedding": 5,
    "hidden": 8,
    "channels": 6,
    "dilations": [1, 2],
}


class DilatedBlock(nn.Module):
    """A residual block from h (B, T, 2 C) to h (B, T, 2 C).

    h is narrowed to C channels, convolved with a dilation over the positions up to each, and widened again.
    """

    def __init__(self, latents: int, channels: int, dilation: int, join: Join):
        super().__init__()
        self.back = 2 * dilation
        self.narrow = nn.Linear(2 * channels, channels)
        self.conv = nn.Conv1d(channels, channels, 3, dilation=dilation)
        self.wide = nn.Linear(channels, 2 * channels)
        self.join = join(latents, channels)

    def forward(self, h: Tensor, z: Tensor) -> Tensor:
        """Return h and what the block adds to it."""
        inner = self.narrow(h.relu()).relu().transpose(1, 2)
        inner = self.conv(pad(inner, (self.back, 0))).transpose(1, 2)
        return h + self.wide(self.join(inner, z).relu())


class Decoder(nn.Module):
    """A decoder from z (B, D) and tokens x (B, T) to logits (B, T, vocabulary).

    The logits at t depend only on z and on the `context` tokens before t. z is concatenated to every
    embedding. With skip connections it enters the dilated convolution of every block and the logits too, the
    same at every t.
    """

    def __init__(
        self, latents: int, vocabulary: int, embedding: int, channels: int, dilations: list[int], join: Join
    ):
        super().__init__()
        self.context = 1 + 2 * sum(dilations)
        self.embed = nn.Embedding(vocabulary, embedding)
        self.first = nn.Linear(embedding + latents, 2 * channels)
        self.blocks = nn.ModuleList(DilatedBlock(latents, channels, dilation, join) for dilation in dilations)
        self.output = nn.Linear(2 * channels, vocabulary)
        self.join = join(latents, vocabulary)

    def forward(self, z: Tensor, x: Tensor) -> Tensor:
        """Return the logits of every token."""
        h = self.first(embed_inputs(self.embed, z, x))
        for block in self.blocks:
            h = block(h, z)
        return self.join(self.output(h.relu()), z)


def dilated_cnn(
    *,
    latents: PositiveInt,
    embedding: PositiveInt,
    hidden: PositiveInt,
    channels: PositiveInt,
    dilations: Annotated[list[PositiveInt], Field(min_length=1)],
) -> Net:
    """Return an LSTM encoder of `hidden` units, and a decoder with a block for each of `dilations`.

    A block has `channels` channels inside and twice as many outside.
    """

    def build(shape: tuple[int, ...], values: int, join: Join) -> tuple[Encoder, Decoder]:
        return Encoder(values, embedding, hidden), Decoder(
            latents, values, embedding, channels, dilations, join
        )

    return Net("tokens", latents, build, autoregressive=True)
