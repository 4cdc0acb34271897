"""The encoder starts from its initial weights."""

from uncollapse.methods.pretraining import Pretraining


def none() -> Pretraining:
    """Return no pretraining."""
    return Pretraining(run=None)
