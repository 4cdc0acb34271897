"""How a stage runs: the arguments of its command line, its errors, its threads and its memory."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

from threadpoolctl import threadpool_limits

from uncollapse.errors import UserError
from uncollapse.pipeline.memory import keep_memory
from uncollapse.pipeline.outputs import Job
from uncollapse.pipeline.watched import WATCHED, end_with


def run(main: Callable[..., None]) -> None:
    """Run a stage with the arguments of its command line.

    A UserError becomes one line on stderr and in the job's failure file, and exit code 1. Linear algebra
    gets one thread, here and in the workers: scikit-learn's in two workers of two threads each took twice
    the time.
    """
    if WATCHED in os.environ:
        end_with(int(os.environ[WATCHED]))
    threadpool_limits(1)
    keep_memory()
    failure = Job(Path(sys.argv[0]).stem, "-".join(sys.argv[1:])).failure
    failure.unlink(missing_ok=True)
    try:
        main(*sys.argv[1:])
    except UserError as error:
        failure.parent.mkdir(parents=True, exist_ok=True)
        failure.write_text(f"{error}\n")
        sys.exit(f"error: {error}")
