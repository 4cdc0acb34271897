"""z also predicts the words of the sentence, whatever their order.

Zhao, Zhao & Eskenazi 2017, arXiv 1703.10960, section 3.2.

    loss = -sum_t log softmax(f(z))_{x_t}         f has one hidden layer

The decoder can tell the next word from those before it; this net cannot, so z has to. Images have no words:
there the net predicts every pixel from z alone by the likelihood of the data. It is then a second decoder,
which is the same for all nets.
"""

import torch
from pydantic import PositiveFloat, PositiveInt
from torch import Tensor, nn

from uncollapse.data.part import PAD
from uncollapse.methods.auxiliary import Auxiliary
from uncollapse.vae import VAE


class Bag(nn.Module):
    """A net that gives scores of all words, or of all pixels."""

    def __init__(self, vae: VAE, x: Tensor, hidden: int, weight: float) -> None:
        super().__init__()
        self.words, self.weight = vae.likelihood.kind == "tokens", weight
        with torch.no_grad():
            scores = vae.decoder(torch.zeros(1, vae.latents).to(x.device), x[:1])[0]
        self.shape = scores.shape[-1:] if self.words else scores.shape
        self.net = nn.Sequential(
            nn.Linear(vae.latents, hidden), nn.Tanh(), nn.Linear(hidden, self.shape.numel())
        )
        self.likelihood, self.scale = vae.likelihood, vae.likelihood.scale()

    def forward(self, z: Tensor, x: Tensor) -> Tensor:
        """Return the loss in nats, (B,), for z (B, D) and x (B, ...)."""
        scores = self.net(z)
        if not self.words:
            return -self.weight * self.likelihood.log_prob(x, self.scale(scores.view(-1, *self.shape)))
        losses = -scores.log_softmax(1).gather(1, x)
        return self.weight * (losses * (x != PAD)).sum(1)


def bag_of_words(*, hidden: PositiveInt = 400, weight: PositiveFloat = 1.0) -> Auxiliary:
    """Return a task whose net has `hidden` units and whose loss has a `weight`."""
    return Auxiliary(lambda vae, x: Bag(vae, x, hidden, weight))
