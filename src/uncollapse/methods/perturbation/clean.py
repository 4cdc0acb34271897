"""Both read the example as it is."""

from uncollapse.methods.perturbation import Perturbation


def clean() -> Perturbation:
    """No perturbation."""
    return lambda inputs, context: inputs
