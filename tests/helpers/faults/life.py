"""The life of a stage: it is forked from this process, which has imported all that it needs, and is ended."""

import fcntl
import importlib
import os
import random
import select
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import psutil
from warm import LIBRARIES, status_of_script

HUNG = 600.0  # seconds after which what has not ended never will
KINDS = ("worker", "stage", "interrupt")


class End(NamedTuple):
    """How a life ended: the kind of kill, none if it came too late; what it printed, its status, and how long
    it took to end."""

    kind: str | None
    output: str
    status: int
    seconds: float


def warm_up() -> None:
    """Import everything, once."""
    for name in (
        *LIBRARIES,
        "openTSNE",
        "PIL.Image",
        "uncollapse.report.build",
        "uncollapse.pipeline.examples",
    ):
        importlib.import_module(name)


class Life:
    """A stage that runs in `folder`, in a process group of its own, as a terminal would have it."""

    def __init__(self, folder: Path, name: str, *arguments: str, prepare: Callable[[], None] = list) -> None:
        """`prepare` is called in the new process first."""
        self.reader, writer = os.pipe()
        self.start = time.monotonic()
        sys.stdout.flush()
        heard = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        self.pid = os.fork()
        if not self.pid:
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # until the script's first import
        signal.pthread_sigmask(signal.SIG_SETMASK, heard)
        if not self.pid:
            os.setpgid(0, 0)
            os.close(self.reader)
            for number in (1, 2):
                os.dup2(writer, number)
            os.close(writer)
            os.chdir(folder)
            sys.argv = [f"stages/{name}.py", *arguments]
            prepare()
            os._exit(status_of_script())
        with suppress(OSError):  # it may have done so itself
            os.setpgid(self.pid, self.pid)
        os.close(writer)
        os.set_blocking(self.reader, False)

    def running(self) -> bool:
        """Whether it has not ended, nor is about to be waited for."""
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None

    def kill(self, kind: str, rng: random.Random) -> str | None:
        """Kill it, or one of its workers; returns the kind, None if it was too late."""
        if not self.running():
            return None
        if kind == "worker":
            while self.running():
                if workers := psutil.Process(self.pid).children():
                    os.kill(rng.choice(workers).pid, signal.SIGKILL)
                    return kind
                time.sleep(0.001)
            return None
        if kind == "interrupt":
            os.killpg(self.pid, signal.SIGINT)
        else:
            os.kill(self.pid, signal.SIGKILL)
        return kind

    def end(self, kind: str | None = None) -> End:
        """Wait until it and all that it began have ended: they hold the other end of the pipe."""
        begun, output = time.monotonic(), b""
        while True:
            if not select.select([self.reader], [], [], HUNG)[0]:
                os.killpg(self.pid, signal.SIGKILL)
                raise AssertionError(f"a process was left behind; it had printed: {output.decode()}")
            if not (part := os.read(self.reader, 1 << 16)):
                break
            output += part
        os.close(self.reader)
        status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return End(kind, output.decode(), status, time.monotonic() - begun)

    def attacked(self, kind: str, delay: float, rng: random.Random) -> End:
        """Kill it after `delay` seconds, if it still runs."""
        while time.monotonic() - self.start < delay and self.running():
            time.sleep(0.002)
        end = self.end(self.kill(kind, rng))
        return end if end.status else end._replace(kind=None)  # it had done its work


def assert_told(end: End, kind: str) -> None:
    """It ended as the kind of kill lets it, and said no more than it should."""
    lines = [line for line in end.output.splitlines() if "made now" not in line]
    problem = f"{kind}: status {end.status}, printed: {end.output}"
    assert "Traceback" not in end.output, problem
    if kind == "stage":
        assert (end.status, lines) == (-signal.SIGKILL, []), problem
    elif kind == "interrupt":
        assert end.status in (130, -signal.SIGINT), problem
        assert len(lines) == (end.status == 130), problem
    else:
        assert end.status == 1, problem
        told = [line for line in lines if line.startswith("error: ") and "worker process was killed" in line]
        assert told, problem


def lock_is_free(file: Path) -> bool:
    """Whether nobody holds the lock."""
    with file.open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True
