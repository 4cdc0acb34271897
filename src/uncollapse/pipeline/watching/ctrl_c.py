"""End a stage at Ctrl-C at once and with one line, from its first import on.

A stage's script imports this before all else, because torch takes seconds to import, and Python interrupted
there prints a traceback. Nothing is tidied up at the end, because the files of a stage survive a kill at any
moment, and its workers end with it.
"""

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

INTERRUPTED = 130  # The exit code that shells give to Ctrl-C.


def listen() -> None:
    """Listen for Ctrl-C from now on, unless it is ignored, as in the background."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        return
    # Ctrl-C waits until everything that `end` needs has been imported.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    from uncollapse.pipeline.watching.lifetime import find_dvc

    caller = find_dvc()
    signal.signal(signal.SIGINT, lambda *_: end(caller))
    signal.pthread_sigmask(signal.SIG_SETMASK, before)


def end(caller: int | None) -> None:
    """End this process, and also the DVC that began it if DVC would go on with the next stage.

    This runs wherever the process just was, so it uses no stream of Python, which may itself be in use.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Once is enough.
    # This comes first: once the shell in between has died, DVC no longer waits.
    with suppress(OSError):
        if caller and goes_on(caller):
            os.kill(caller, signal.SIGTERM)
    stage = " ".join([Path(sys.argv[0]).stem, *sys.argv[1:]])
    start = "\n" if os.isatty(2) else ""  # A progress bar may stand there.
    with suppress(OSError):  # Perhaps nobody is there to read it.
        os.write(2, f"{start}{stage} was interrupted; `dvc repro` goes on from here\n".encode())
    os._exit(INTERRUPTED)


def goes_on(caller: int) -> bool:
    """Tell whether a process of DVC would begin the next stage after one that was interrupted."""
    import psutil  # `listen` has imported it already.

    with suppress(psutil.Error):
        return bool({"-k", "--keep-going"} & {*psutil.Process(caller).cmdline()})
    return False


listen()
