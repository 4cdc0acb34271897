"""The KL on the training batches of the last epoch (nats): what a controller of the KL sees."""

from uncollapse.measures import ColumnValues, Measure, Trained

COLUMNS = {"train_kl": Measure("kl in training", "nats", compared=False)}


def measure(run: Trained) -> ColumnValues:
    """Return train_kl."""
    return {"train_kl": float(run.history["kl"])}
