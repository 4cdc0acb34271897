"""The encoder is pretrained in an autoencoder: a VAE whose KL has the weight 0.

Li et al. 2019, arXiv 1909.00868, section 3. The same nets learn to reconstruct the part `reserve`; the
encoder is kept, with its head, and the decoder starts afresh. Labels are not needed.
"""

import copy
from collections.abc import Iterator

from pydantic import PositiveFloat, PositiveInt

from uncollapse.data.part import Part
from uncollapse.methods.kl_weight.constant import constant
from uncollapse.methods.plain_vae import plain_vae
from uncollapse.methods.pretraining import HistoryRow, Learn, Pretraining, PretrainingState
from uncollapse.vae import VAE


def autoencoder(
    *, epochs: PositiveInt = 10, batch_size: PositiveInt = 64, learning_rate: PositiveFloat = 0.001
) -> Pretraining:
    """Train an autoencoder for `epochs` epochs by Adam, and keep its encoder."""

    def run(
        vae: VAE, reserve: Part, seed: int, saved: PretrainingState | None, learn: Learn
    ) -> Iterator[tuple[HistoryRow, PretrainingState]]:
        learner = copy.deepcopy(vae)
        budget = {"epochs": epochs, "batch_size": batch_size, "learning_rate": learning_rate}
        yield from learn(learner, reserve, plain_vae(constant(beta=0.0)), budget, seed, saved)
        vae.load_encoder(learner.encoder_state())

    return Pretraining(run)
