"""How a stage runs: the arguments of its command line, its errors, its threads and its memory."""

import atexit
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from threadpoolctl import threadpool_limits

from uncollapse.errors import explain_error
from uncollapse.experiment.stages import STAGES
from uncollapse.files import write_whole
from uncollapse.pipeline.job import Job
from uncollapse.pipeline.job_recipe import copy_recipe
from uncollapse.pipeline.watching.lifetime import end_with, find_dvc
from uncollapse.pipeline.watching.memory import keep_memory


def run(main: Callable[..., None]) -> None:
    """Run a stage with the arguments of its command line; its output is complete when it has its recipe.

    An error that a person can fix becomes one line on stderr and in the job's failure file, and exit code 1.
    `uncollapse.pipeline.watching.ctrl_c` hears Ctrl-C. Linear algebra gets one thread, here and in the
    workers: scikit-learn took twice the time in two workers of two threads each.
    """
    caller = find_dvc()
    if caller:
        end_with(caller)
    threadpool_limits(1)
    keep_memory()
    job = Job(Path(sys.argv[0]).stem, "-".join(sys.argv[1:]))
    try:
        job.failure.unlink(missing_ok=True)
        main(*sys.argv[1:])
        if job.stage in STAGES:
            job.folder.mkdir(parents=True, exist_ok=True)
            copy_recipe(job)
        atexit.register(signal.signal, signal.SIGINT, signal.SIG_IGN)  # What is left to do takes no time.
    except Exception as error:
        told = explain_error(error)
        if told is None:
            raise
        with suppress(OSError):  # The disk may be full.
            job.failure.parent.mkdir(parents=True, exist_ok=True)
            write_whole(job.failure, f"{told}\n")
        sys.exit(f"error: {told}")
