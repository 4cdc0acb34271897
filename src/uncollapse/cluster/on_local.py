"""The engine of this machine: units as its processes, through submitit, as many as it has cores for."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from uncollapse.cluster.on_slurm import Submitit
from uncollapse.pipeline.pool import count_cores


@contextmanager
def silence_stderr() -> Iterator[None]:
    """Close stderr to the processes that begin in the block, which inherit it.

    They would print a traceback when they are interrupted; what units print goes into files.
    """
    own, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(own, 2)
        os.close(own)
        os.close(nowhere)


def begin() -> Submitit:
    """Return an engine for this machine."""
    return Submitit("local", count_cores(), silence_stderr)
