"""The features in which sets of images are compared: the last hidden layer of a small classifier.

The classifier learns the labels of the data set itself. It stands in place of the Inception net of the usual
Frechet distance (Heusel et al. 2017, arXiv 1706.08500), which knows photographs, not digits. It is trained
once for each split, when the data set is prepared.
"""

import math
from collections import deque
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from uncollapse.data.classify import train_classifier
from uncollapse.data.files import CLASSIFIER
from uncollapse.data.part import Part, to_tensor
from uncollapse.likelihoods import Likelihood
from uncollapse.seeds import make_seed

FEATURES = 64  # There are more examples than features, so that the covariance of these is known.
STEPS, MOST_EPOCHS, BATCH_SIZE, LEARNING_RATE = 1200, 20, 64, 0.003  # These are the budget of Adam.


class Classifier(nn.Module):
    """A classifier with two hidden layers of FEATURES units with ReLU; the last layer is the features."""

    def __init__(self, inputs: int, classes: int) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(inputs, FEATURES), nn.Linear(FEATURES, FEATURES)
        self.output = nn.Linear(FEATURES, classes)

    def features(self, x: Tensor) -> Tensor:
        """Return the features (B, FEATURES) of x (B, ...)."""
        return self.second(self.first(x.flatten(1)).relu()).relu()

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits (B, classes) of x (B, ...)."""
        return self.output(self.features(x))


def add_classifier(folder: Path, learned: Part, valid: Part, likelihood: Likelihood) -> float | None:
    """Train a classifier on `learned`, and write its weights to the folder of a split.

    Returns its accuracy on `valid`. Text, and images without labels or of one class, have no classifier: for
    them nothing is written, and None is returned.
    """
    if learned.lengths is not None or learned.labels is None or len(np.unique(learned.labels)) < 2:
        return None
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(make_seed(0, "classifier of features"))
        net = Classifier(math.prod(valid.x[:1].shape[1:]), int(learned.labels.max()) + 1)
    epochs = min(MOST_EPOCHS, math.ceil(STEPS / max(1, len(learned) // BATCH_SIZE)))
    budget = {"epochs": epochs, "batch_size": BATCH_SIZE, "learning_rate": LEARNING_RATE}
    deque(train_classifier(net, learned, likelihood.draw, 0, **budget), maxlen=0)
    save_file(net.state_dict(), folder / CLASSIFIER)
    with torch.no_grad():
        guesses = [net(to_tensor(valid.x[i : i + 500])).argmax(1) for i in range(0, len(valid), 500)]
    return float((torch.cat(guesses).numpy() == valid.labels).mean())


def read_classifier(folder: Path) -> Classifier | None:
    """Return the classifier in the folder of a split, None if it has none."""
    file = folder / CLASSIFIER
    if not file.exists():
        return None
    weights = load_file(file)
    net = Classifier(weights["first.weight"].shape[1], weights["output.weight"].shape[0])
    net.load_state_dict(weights)
    return net.eval()
