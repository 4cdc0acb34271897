"""The encoder is pretrained as a classifier, on the labels of the reserved part.

A linear layer on the encoder's features predicts the label, by cross-entropy; it is thrown away
afterwards. The head that makes mu and logvar from the features is not touched.
"""

from collections.abc import Iterator

import torch
from pydantic import PositiveFloat, PositiveInt
from torch import nn

from uncollapse.data.classify import train_classifier
from uncollapse.data.part import Part, to_tensor
from uncollapse.errors import UserError
from uncollapse.methods.pretraining import HistoryRow, Learn, Pretraining, PretrainingState
from uncollapse.vae import VAE, initialise_weights


def classifier(
    *, epochs: PositiveInt = 10, batch_size: PositiveInt = 64, learning_rate: PositiveFloat = 0.001
) -> Pretraining:
    """Train a classifier for `epochs` epochs by Adam. A data set without labels raises UserError."""

    def run(
        vae: VAE, reserve: Part, seed: int, saved: PretrainingState | None, learn: Learn
    ) -> Iterator[tuple[HistoryRow, PretrainingState]]:
        if reserve.labels is None:
            raise UserError(
                "pretraining classifier: the data set has no labels; use the autoencoder, which needs none"
            )
        device = next(vae.parameters()).device
        with torch.no_grad():
            features = vae.encoder(to_tensor(reserve.x[:1], device)).shape[1]
        layer = nn.Linear(features, int(reserve.labels.max()) + 1).to(device)
        initialise_weights(layer, seed)
        budget = {"epochs": epochs, "batch_size": batch_size, "learning_rate": learning_rate}
        vae.train()
        net = nn.Sequential(vae.encoder, layer)
        yield from train_classifier(net, reserve, vae.likelihood.draw, seed, saved=saved, **budget)

    return Pretraining(run)
