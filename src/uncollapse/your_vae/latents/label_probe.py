"""A linear probe of the labels on the posterior means of anybody's VAE."""

from typing import Any

import numpy as np
import torch

from uncollapse.errors import need_extra
from uncollapse.measures.probe import measure_probe_accuracy
from uncollapse.your_vae.handed_over.real_arrays import to_numpy


def probe_labels(mu: torch.Tensor, labels: Any, order: torch.Tensor) -> float:
    """Return the accuracy of a linear probe on the last fifth of `order`.

    The probe learns on the first three fifths and is chosen on the fourth. Raises ValueError for labels that
    cannot be learned.
    """
    classes = to_numpy(labels)
    if classes.dtype == object and all(isinstance(name, str) for name in classes.flat):
        classes = classes.astype(str)  # The names of pandas are objects.
    if classes.dtype.kind not in "biuUS":
        raise ValueError(f"labels: should be whole numbers or names, not of {classes.dtype}")
    classes = np.unique(classes, return_inverse=True)[1].reshape(classes.shape)
    if classes.shape != (len(mu),):
        raise ValueError(
            f"labels: should have the shape ({len(mu)},), one for each example, not {classes.shape}"
        )
    if len(mu) < 5 or not 2 <= len(np.unique(classes)) <= len(mu) / 2:
        raise ValueError(
            "labels: a probe needs at least five examples of at least two classes, "
            "and two examples of each class on average"
        )
    cuts = [3 * len(mu) // 5, 4 * len(mu) // 5]
    parts = [(mu[part], classes[part.numpy()]) for part in order.tensor_split(cuts)]
    with need_extra("probe"):
        return measure_probe_accuracy(*parts)
