"""Ctrl-C ends a stage at once, with one line, from its first import on.

A stage's script imports this before all else, because torch takes seconds to import, and Python interrupted
there prints a traceback. Nothing is tidied up at the end: what a stage writes bears a kill at any moment, and
its workers end with it.
"""

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

INTERRUPTED = 130  # the exit code that shells give to Ctrl-C


def listen() -> None:
    """Hear Ctrl-C from now on, unless it is ignored, as in the background."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # until all is here that `end` needs
    from uncollapse.pipeline.watching.lifetime import find_dvc

    caller = find_dvc()
    signal.signal(signal.SIGINT, lambda *_: end(caller))
    signal.pthread_sigmask(signal.SIG_SETMASK, before)


def end(caller: int | None) -> None:
    """End this process, and DVC, which began it, where it would go on with the next stage.

    It runs wherever the process just was, so it uses no stream of Python, which may be at work itself.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # once is enough
    with suppress(OSError):  # first of all: where the shell between has died, DVC waits no longer
        if caller and goes_on(caller):
            os.kill(caller, signal.SIGTERM)
    stage = " ".join([Path(sys.argv[0]).stem, *sys.argv[1:]])
    start = "\n" if os.isatty(2) else ""  # a progress bar may stand there
    with suppress(OSError):  # nobody may be there to read it
        os.write(2, f"{start}{stage} was interrupted; `dvc repro` goes on from here\n".encode())
    os._exit(INTERRUPTED)


def goes_on(caller: int) -> bool:
    """Whether a process of DVC would begin the next stage after one that was interrupted."""
    import psutil  # here already, see `listen`

    with suppress(psutil.Error):
        return bool({"-k", "--keep-going"} & {*psutil.Process(caller).cmdline()})
    return False


listen()
