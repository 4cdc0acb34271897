"""LSTMs encode and decode sentences.

Bowman et al. 2016, arXiv 1511.06349; the shape is the one of He et al. 2019, section 4.2.

Both have one layer. The encoder's features are its hidden state behind the last token. The decoder
predicts token t from the tokens before it and z, which enters its initial state (c = W z, h = tanh(c))
and its every input.
"""

import torch
from pydantic import PositiveInt
from torch import Tensor, nn
from torch.nn.functional import pad

from uncollapse.data.part import END, PAD
from uncollapse.methods.decoder import Join
from uncollapse.nets import Net

EXAMPLE = {"latents": 3, "embedding": 5, "hidden": 8}  # Small, for the tests of all nets.


class Encoder(nn.Module):
    """An encoder from tokens x (B, T) to features (B, hidden)."""

    def __init__(self, vocabulary: int, embedding: int, hidden: int):
        super().__init__()
        self.features = hidden
        self.embed = nn.Embedding(vocabulary, embedding)
        self.lstm = nn.LSTM(embedding, hidden, batch_first=True)

    def forward(self, x: Tensor, embedded: Tensor | None = None) -> Tensor:
        """Return the hidden state behind the last token of each sentence.

        `embedded` (B, T, E) stands in place of the embedding.
        """
        states, _ = self.lstm(self.embed(x) if embedded is None else embedded)
        last = (x != PAD).sum(1) - 1
        return states[torch.arange(len(x), device=x.device), last]


def embed_inputs(embed: nn.Embedding, z: Tensor, x: Tensor) -> Tensor:
    """Return what a decoder reads for each of the tokens x (B, T), as (B, T, E + D).

    It reads the token before, embedded, and z (B, D). The end mark of the sentence before stands for the
    start.
    """
    before = embed(pad(x[:, :-1], (1, 0), value=END))
    return torch.cat([before, z.unsqueeze(1).expand(-1, x.shape[1], -1)], dim=2)


class Decoder(nn.Module):
    """A decoder from z (B, D) and tokens x (B, T) to logits (B, T, vocabulary).

    The logits at t depend on the tokens before t only.
    """

    def __init__(self, latents: int, vocabulary: int, embedding: int, hidden: int, join: Join):
        super().__init__()
        self.embed = nn.Embedding(vocabulary, embedding)
        self.start = nn.Linear(latents, hidden)
        self.lstm = nn.LSTM(embedding + latents, hidden, batch_first=True)
        self.output = nn.Linear(hidden, vocabulary)
        self.join = join(latents, vocabulary)

    def forward(self, z: Tensor, x: Tensor) -> Tensor:
        """Return the logits of every token."""
        read, cell = embed_inputs(self.embed, z, x), self.start(z)
        states, _ = self.lstm(read, (cell.tanh().unsqueeze(0), cell.unsqueeze(0)))
        return self.join(self.output(states), z)


def lstm(*, latents: PositiveInt, embedding: PositiveInt, hidden: PositiveInt) -> Net:
    """Return an encoder and a decoder with embeddings of `embedding` numbers and `hidden` units."""

    def build(shape: tuple[int, ...], values: int, join: Join) -> tuple[Encoder, Decoder]:
        return Encoder(values, embedding, hidden), Decoder(latents, values, embedding, hidden, join)

    return Net("tokens", latents, build, autoregressive=True)
