"""Training of a classifier of a part's labels, whatever its net is."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import nn

from uncollapse.compute.optimizer import Optimizer
from uncollapse.compute.work import Work
from uncollapse.data.part import Array, Part, draw_batches, to_tensor
from uncollapse.seeds import numpy_generator

DrawExamples = Callable[[Array, np.random.Generator], Array]


def train_classifier(
    net: nn.Module,
    part: Part,
    draw: DrawExamples,
    seed: int,
    *,
    epochs: int,
    batch_size: int,
    learning_rate: float,
    saved: dict[str, Any] | None = None,
) -> Iterator[tuple[dict[str, float], dict[str, Any]]]:
    """Train `net` by Adam, so that its logits `net(x)` (B, classes) predict the labels, by cross-entropy.

    `draw` is the method of a likelihood that draws each batch anew. Yields for each epoch a row {epoch, loss,
    accuracy, encoder_steps, decoder_steps, gflops}, the loss in nats, and the state as torch.save takes it,
    which refers to the weights without a copy. `saved` is such a state, from which training goes on. Raises
    ValueError without labels.
    """
    if part.labels is None:
        raise ValueError("part: should have labels")
    parameters = list(net.parameters())
    device = parameters[0].device
    labels = torch.as_tensor(part.labels.astype("int64"), device=device)
    optimizer, work, start = Optimizer(parameters, "adam", learning_rate), Work(), 1
    if saved is not None:
        net.load_state_dict(saved["net"])
        optimizer.load_state_dict(saved["optimizer"])
        work, start = Work(**saved["work"]), saved["epoch"] + 1
    for epoch in range(start, epochs + 1):
        generator = numpy_generator(seed, "pretraining", epoch)
        loss_sum, correct = torch.zeros(2, device=device)
        for index in draw_batches(part, batch_size, generator):
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
        means = {"loss": float(loss_sum) / seen, "accuracy": float(correct) / seen}
        state = {"net": net.state_dict(), "optimizer": optimizer.state_dict(), "work": work.row()}
        yield {"epoch": epoch, **means, **work.row()}, {"epoch": epoch, **state}
