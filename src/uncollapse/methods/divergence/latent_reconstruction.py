"""Encoding what was decoded from z has to give z back, so different z have to decode to different x.

Song, Kim & Lee 2025, arXiv 2508.12530.

    weight * |mu(x^(z)) - z|^2,    z ~ p(z),    x^(z) the mean of p(x|z)

This is added to the whole KL. Only the paper's abstract was read: that decoder and encoder, one after the
other, should lose no z is theirs; the square, z from the prior and the weight are ours. With z from q(z|x), a
q that says nothing would lower the loss too, by being narrow. Where the encoder undoes the decoder, which is
possible if the decoder is injective, the loss is zero. A decoder that also reads x sees of it here only where
it ends (unknown words, black pixels), since otherwise x would be found instead; generated words are read as a
mean of embeddings. Where q is refined, the encoder's own mean has to find z.
"""

import torch
from pydantic import NonNegativeFloat
from torch import Tensor

from uncollapse.data.part import END, UNKNOWN
from uncollapse.methods.divergence import Divergence
from uncollapse.vae import VAE, Gaussian


def latent_reconstruction(*, weight: NonNegativeFloat = 1.0) -> Divergence:
    """Return the KL, and `weight` times the squared distance between z and its reconstruction."""

    def found(vae: VAE, x: Tensor, z: Tensor) -> Tensor:
        if vae.likelihood.kind == "images":
            return vae.encode(vae.likelihood.mean(vae.output(z, torch.zeros_like(x)))).mu
        words = vae.output(z, torch.where(x > END, UNKNOWN, x)).softmax(-1)  # (B, T, V)
        return vae.encode(x, words @ vae.encoder.embed.weight).mu

    def penalty(vae: VAE, x: Tensor, q: Gaussian, z: Tensor, noise: Tensor) -> Tensor:
        training = vae.posterior.training
        # A posterior that normalises batches keeps the statistics of x, and takes none of x^(z).
        vae.posterior.eval()
        loss = weight * (found(vae, x, noise) - noise).square().sum(1)
        vae.posterior.train(training)
        return loss

    return Divergence(1.0, penalty)
