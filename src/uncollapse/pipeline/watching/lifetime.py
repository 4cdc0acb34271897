"""End a process together with the one that began it.

`python -m uncollapse.pipeline.watching.lifetime MODULE ARGUMENTS` ends with its caller.

A process that is killed cannot end the processes that it began. They would go on for hours and keep the next
attempt from working. So a stage ends with the DVC that began it. A unit of a cluster begins DVC by this
module, too; then an environment variable tells the stages which process to end with.
"""

import os
import runpy
import sys
import threading
import time
from contextlib import suppress

import psutil

SHELLS = {"sh", "bash", "dash", "zsh", "fish", "ksh"}
FIRST = {"systemd", "init", "launchd", "tini", "docker-init", "dumb-init"}  # These adopt orphans.
WATCHED = "UNCOLLAPSE_WATCHED"  # The environment variable with the id of the process to end with.


def end_with(pid: int) -> None:
    """Watch another process from now on, and end this one as soon as the other has ended."""

    def watch() -> None:
        with suppress(psutil.NoSuchProcess):
            other = psutil.Process(pid)
            while other.is_running() and other.status() != psutil.STATUS_ZOMBIE:
                time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def find_dvc() -> int | None:
    """Return the id of the DVC that began this process, perhaps through a shell, or None without DVC.

    If that DVC has ended already, this process is a child of the first process of the system, and ends too.
    """
    if WATCHED in os.environ:
        return int(os.environ[WATCHED])
    if "DVC_STAGE" not in os.environ:
        return None
    above = [process for process in psutil.Process().parents() if process.name() not in SHELLS]
    first = above and (above[0].pid == 1 or above[0].name() in FIRST)
    if not above or (first and "dvc" not in " ".join(above[0].cmdline())):
        sys.exit("DVC has ended")
    return above[0].pid


if __name__ == "__main__":
    end_with(int(os.environ[WATCHED]))
    os.environ[WATCHED] = str(os.getpid())
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
