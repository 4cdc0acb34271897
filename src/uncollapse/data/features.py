"""The features in which sets of images are compared: the last hidden layer of a small classifier of the
data set's own labels.

It stands in place of the Inception net of the usual Frechet distance (Heusel et al. 2017, arXiv 1706.08500),
which knows photographs, not digits. It is trained once a data set, when that is prepared.
"""

import math
from collections import deque
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from uncollapse.data.classify import classify
from uncollapse.data.files import CLASSIFIER
from uncollapse.data.part import Part, to_tensor
from uncollapse.likelihoods import Likelihood
from uncollapse.seeds import number

HIDDEN = 64  # fewer features than there are examples, so that their covariance is known
STEPS, MOST, BATCH, RATE = 1200, 20, 64, 0.003  # gradient steps, epochs at most; then Adam's


class Classifier(nn.Module):
    """Two hidden layers of HIDDEN units with ReLU, the last of which are the features, and logits of the
    labels."""

    def __init__(self, inputs: int, classes: int) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(inputs, HIDDEN), nn.Linear(HIDDEN, HIDDEN)
        self.output = nn.Linear(HIDDEN, classes)

    def features(self, x: Tensor) -> Tensor:
        """(B, HIDDEN) of x (B, ...)."""
        return self.second(self.first(x.flatten(1)).relu()).relu()

    def forward(self, x: Tensor) -> Tensor:
        """Logits (B, classes) of x (B, ...)."""
        return self.output(self.features(x))


def add_classifier(folder: Path, learned: Part, valid: Part, likelihood: Likelihood) -> float | None:
    """Train it on `learned`, and write its weights to the folder of a prepared data set.

    Returns its accuracy on `valid`. None, and no weights, for text and for images without labels or of one
    class.
    """
    if learned.lengths is not None or learned.labels is None or len(np.unique(learned.labels)) < 2:
        return None
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(number(0, "classifier of features"))
        net = Classifier(math.prod(valid.x[:1].shape[1:]), int(learned.labels.max()) + 1)
    epochs = min(MOST, math.ceil(STEPS / max(1, len(learned) // BATCH)))
    budget = {"epochs": epochs, "batch_size": BATCH, "learning_rate": RATE}
    deque(classify(net, learned, likelihood.draw, 0, **budget), maxlen=0)
    save_file(net.state_dict(), folder / CLASSIFIER)
    with torch.no_grad():
        guesses = [net(to_tensor(valid.x[i : i + 500])).argmax(1) for i in range(0, len(valid), 500)]
    return float((torch.cat(guesses).numpy() == valid.labels).mean())


def read_classifier(folder: Path) -> Classifier | None:
    """The classifier of a prepared data set; None if it has none."""
    file = folder / CLASSIFIER
    if not file.exists():
        return None
    weights = load_file(file)
    net = Classifier(weights["first.weight"].shape[1], weights["output.weight"].shape[0])
    net.load_state_dict(weights)
    return net.eval()
