"""A linear probe tells how well the posterior means separate the labels.

Dieng et al. 2019, arXiv 1807.04863, section 5, use an MLP.
"""

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from uncollapse.measures import ColumnValues, Measure, Trained

COLUMNS = {"probe_accuracy": Measure("probe", "share", better=1)}


def measure_probe_accuracy(
    train: tuple[Tensor, NDArray[np.int64]],
    valid: tuple[Tensor, NDArray[np.int64]],
    test: tuple[Tensor, NDArray[np.int64]],
) -> float:
    """Return the test accuracy of logistic regression on standardised posterior means (N, D).

    The part valid chooses its regularisation.
    """
    # The report reads COLUMNS, and should not wait for this import.
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    (x, y), (x_valid, y_valid), (x_test, y_test) = [
        (mu.double().numpy(), labels) for mu, labels in (train, valid, test)
    ]
    models = [
        make_pipeline(StandardScaler(), LogisticRegression(C=c, max_iter=1000)).fit(x, y)
        for c in (0.01, 0.1, 1)
    ]
    return float(max(models, key=lambda model: model.score(x_valid, y_valid)).score(x_test, y_test))


def measure(run: Trained) -> ColumnValues:
    """Return probe_accuracy; nan for data without labels or of one class."""
    labelled = {
        name: (run.q[name].mu, part.labels) for name, part in run.parts.items() if part.labels is not None
    }
    if len(labelled) < len(run.parts) or len(np.unique(labelled["train"][1])) < 2:
        return {"probe_accuracy": float("nan")}
    return {"probe_accuracy": measure_probe_accuracy(labelled["train"], labelled["valid"], labelled["test"])}
