"""Units as processes of this machine, through submitit: so many at once as it has cores for."""

import os
from collections.abc import Sequence
from typing import Any

from uncollapse.cluster.on_slurm import Submitit
from uncollapse.cluster.unit import Order
from uncollapse.experiment.schema import Resources
from uncollapse.pipeline.pool import cores


class Local(Submitit):
    """Submitit, without the tracebacks that its processes print when they are interrupted."""

    def submit(self, orders: Sequence[Order], asked: Resources) -> Sequence[Any]:
        own, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)  # they inherit it; what units print goes into files
        try:
            return super().submit(orders, asked)
        finally:
            os.dup2(own, 2)
            os.close(own)
            os.close(nowhere)


def begin() -> Local:
    """An engine for this machine."""
    return Local("local", cores())
