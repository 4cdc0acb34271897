"""Pretrain the encoder as that of an autoencoder (Li et al. 2019, arXiv 1909.00868, section 3): a VAE whose KL costs nothing.

The same nets learn to reconstruct the reserved part; the encoder is kept, with its head, and the decoder starts afresh. It needs no labels.
"""

import copy
from collections.abc import Iterator

from pydantic import PositiveFloat, PositiveInt

from uncollapse.data.prepared import Part
from uncollapse.methods.divergence.kl import kl
from uncollapse.methods.inference.joint import joint
from uncollapse.methods.kl_weight.constant import constant
from uncollapse.methods.pretraining import Pretraining, Row
from uncollapse.train import train
from uncollapse.vae import VAE


def autoencoder(
    *, epochs: PositiveInt = 10, batch_size: PositiveInt = 64, learning_rate: PositiveFloat = 0.001
) -> Pretraining:
    """Train `epochs` epochs by Adam."""

    def run(vae: VAE, reserve: Part, seed: int) -> Iterator[Row]:
        learner = copy.deepcopy(vae)
        budget = {"epochs": epochs, "batch_size": batch_size, "learning_rate": learning_rate, "clip": 5.0}
        slots = {
            "kl_weight": constant(beta=0.0),
            "divergence": kl(),
            "inference": joint(),
            "perturbation": [],
        }
        for row, _ in train(learner, reserve, reserve, **slots, **budget, seed=seed):
            yield row
        vae.load_encoder(learner.encoder_state())

    return Pretraining(run)
