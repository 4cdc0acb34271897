"""No task beside the reconstruction."""

from uncollapse.methods.auxiliary import Auxiliary


def no_task() -> Auxiliary:
    """Nothing."""
    return Auxiliary(None)
