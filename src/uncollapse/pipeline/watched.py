"""End with another process: `python -m uncollapse.pipeline.watched MODULE ARGUMENTS` ends with its caller.

A process that is killed cannot end those that it began: they would go on for hours, and write where the next
attempt works. So DVC runs like this where a unit of a cluster begins it, and an environment variable tells
the stages to end with DVC.
"""

import os
import runpy
import sys
import threading
import time
from contextlib import suppress

import psutil

WATCHED = "UNCOLLAPSE_WATCHED"  # the environment variable that names the process to end with


def end_with(pid: int) -> None:
    """From now on end this process when another has ended; soon, if it has already."""

    def watch() -> None:
        with suppress(psutil.NoSuchProcess):
            other = psutil.Process(pid)
            while other.is_running() and other.status() != psutil.STATUS_ZOMBIE:
                time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    end_with(int(os.environ[WATCHED]))
    os.environ[WATCHED] = str(os.getpid())
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
