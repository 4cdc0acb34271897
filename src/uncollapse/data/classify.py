"""Learning to tell the labels of a part, whatever the net is."""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor, nn

from uncollapse.data.prepared import Array, Part, batches, to_tensor
from uncollapse.optimizer import Optimizer
from uncollapse.seeds import numpy_generator
from uncollapse.work import Work

Draw = Callable[[Array, np.random.Generator], Array]


def classify(
    net: Callable[[Tensor], Tensor],
    parameters: list[nn.Parameter],
    part: Part,
    draw: Draw,
    seed: int,
    *,
    epochs: int,
    batch_size: int,
    learning_rate: float,
) -> Iterator[dict[str, float]]:
    """Train `parameters` by Adam, so that the logits `net(x)` (B, classes) tell the labels by cross-entropy.

    `draw` is that of a likelihood, and draws each batch anew. Yields a row {epoch, loss, accuracy,
    encoder_steps, decoder_steps, gflops} an epoch; the loss is in nats.
    """
    if part.labels is None:
        raise ValueError("part: should have labels")
    device = parameters[0].device
    labels = torch.as_tensor(part.labels.astype("int64"), device=device)
    optimizer, work = Optimizer(parameters, "adam", learning_rate), Work()
    for epoch in range(1, epochs + 1):
        generator = numpy_generator(seed, "pretraining", epoch)
        loss_sum, correct = torch.zeros(2, device=device)
        for index in batches(part, batch_size, generator):
            x = to_tensor(draw(part.x[index], generator), device)
            with work.counted(x.shape):
                logits, label = net(x), labels[torch.as_tensor(index)]
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
