"""Units as processes of this machine, through submitit: so many at once as it has cores for."""

from uncollapse.cluster.on_slurm import Submitit
from uncollapse.pipeline.pool import cores


def begin() -> Submitit:
    """An engine for this machine."""
    return Submitit("local", cores())
