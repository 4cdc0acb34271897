"""z has no task beside the reconstruction."""

from uncollapse.methods.auxiliary import Auxiliary


def no_task() -> Auxiliary:
    """Return no task."""
    return Auxiliary(None)
