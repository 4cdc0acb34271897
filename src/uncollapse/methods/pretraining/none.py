"""The encoder starts from its initial weights."""

from uncollapse.methods.pretraining import Pretraining


def none() -> Pretraining:
    """No pretraining."""
    return Pretraining(run=None)
