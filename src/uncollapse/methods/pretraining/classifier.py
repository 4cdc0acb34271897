"""Pretrain the encoder as a classifier, on the labels of the reserved part.

A linear layer on the encoder's features predicts the label, by cross-entropy; it is thrown away
afterwards. The head that makes mu and logvar of the features is not touched.
"""

from collections.abc import Iterator

import torch
from pydantic import PositiveFloat, PositiveInt
from torch import nn

from uncollapse.data.prepared import Part, batches, to_tensor
from uncollapse.errors import UserError
from uncollapse.methods.pretraining import Pretraining, Row
from uncollapse.optimizer import Optimizer
from uncollapse.seeds import numpy_generator
from uncollapse.vae import VAE, initialise
from uncollapse.work import Work


def classifier(
    *, epochs: PositiveInt = 10, batch_size: PositiveInt = 64, learning_rate: PositiveFloat = 0.001
) -> Pretraining:
    """Train `epochs` epochs by Adam. A data set without labels raises UserError."""

    def run(vae: VAE, reserve: Part, seed: int) -> Iterator[Row]:
        if reserve.labels is None:
            raise UserError(
                "pretraining classifier: the data set has no labels; use the autoencoder, which needs none"
            )
        device = next(vae.parameters()).device
        labels = torch.as_tensor(reserve.labels.astype("int64"), device=device)
        with torch.no_grad():
            features = vae.encoder(to_tensor(reserve.x[:1], device)).shape[1]
        layer = nn.Linear(features, int(labels.max()) + 1).to(device)
        initialise(layer, seed)
        parameters = [*vae.encoder.parameters(), *layer.parameters()]
        optimizer = Optimizer(parameters, "adam", learning_rate)
        work = Work()
        vae.train()
        for epoch in range(1, epochs + 1):
            generator = numpy_generator(seed, "pretraining", epoch)
            loss_sum, correct = torch.zeros(2, device=device)
            for index in batches(reserve, batch_size, generator):
                x = to_tensor(vae.likelihood.draw(reserve.x[index], generator), device)
                with work.counted(x.shape):
                    logits, label = layer(vae.encoder(x)), labels[torch.as_tensor(index)]
                    loss = nn.functional.cross_entropy(logits, label)
                    gradients = torch.autograd.grad(loss, parameters)
                optimizer.step(gradients)
                work.encoder_steps += 1
                loss_sum += loss.detach() * len(index)
                correct += (logits.argmax(1) == label).sum()
            seen = len(index) * (work.encoder_steps // epoch)
            yield {
                "epoch": epoch,
                "loss": float(loss_sum) / seen,
                "accuracy": float(correct) / seen,
                **work.row(),
            }

    return Pretraining(run)
