"""End with the process that began this one: `python -m uncollapse.pipeline.watched MODULE ARGUMENTS`.

A process that is killed cannot end those that it began: they would go on for hours, and write where the next
attempt works. So DVC runs like this where a unit of a cluster begins it, and an environment variable tells
the stages to end with DVC.
"""

import os
import runpy
import sys
import threading
import time

WATCHED = "UNCOLLAPSE_WATCHED"


def end_with_parent() -> None:
    """From now on end this process when the one that began it has ended."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    os.environ[WATCHED] = "yes"
    end_with_parent()
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
