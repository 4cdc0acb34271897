"""How a stage runs: what stands on its command line, and how it says what went wrong."""

import sys
from collections.abc import Callable
from pathlib import Path

from threadpoolctl import threadpool_limits

from uncollapse.errors import UserError
from uncollapse.pipeline.memory import keep_memory
from uncollapse.pipeline.outputs import Job


def run(main: Callable[..., None]) -> None:
    """Run a stage with what stands on its command line; a UserError becomes one line on stderr, and in `.work/failed`, and exit code 1.

    Linear algebra gets one thread here and in the workers: scikit-learn's in two workers of two threads each took twice the time.
    """
    threadpool_limits(1)
    keep_memory()
    failed = Job(Path(sys.argv[0]).stem, "-".join(sys.argv[1:])).failure
    failed.unlink(missing_ok=True)
    try:
        main(*sys.argv[1:])
    except UserError as error:
        failed.parent.mkdir(parents=True, exist_ok=True)
        failed.write_text(f"{error}\n")
        sys.exit(f"error: {error}")
