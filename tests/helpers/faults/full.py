"""A disk that is full under the whole pipeline, DVC and all, and then is not: it says so, and goes on."""

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from faults.whole import Whole

SIZE = "512m"
ROOM = [0, *(1 << power for power in range(14, 30, 2))]  # bytes, from none to enough


@contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """A disk in memory at `folder`; False where this user or this system may not have one."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)]
    if (
        not sys.platform.startswith("linux")
        or subprocess.run(command, capture_output=True, check=False).returncode
    ):
        yield False
        return
    try:
        yield True
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def full_disk(folder: Path) -> int:
    """Let `dvc repro` find ever more room, from none on; how often there was not enough."""
    attacked = Whole(folder / "project")
    for times, room in enumerate(ROOM):
        attacked.clear()
        fill(folder / "filler", room)
        end = attacked.repro()
        (folder / "filler").unlink()
        if not end.status:
            return times
        assert os.strerror(errno.ENOSPC) in end.output, f"room for {room} bytes: {end.output}"
        assert "Traceback" not in end.output, f"room for {room} bytes: {end.output}"
        attacked.restore_lock()
        again = attacked.repro()
        assert not again.status, f"room for {room} bytes, and then for all: {again.output}"
        attacked.compare()
        print(f"room for {room} bytes: {last_error(end.output)}", flush=True)
    raise AssertionError(f"room for {ROOM[-1]} bytes is not enough")


def last_error(output: str) -> str:
    """What was told."""
    return [line for line in output.splitlines() if line.lower().startswith("error")][-1]


def fill(file: Path, room: int) -> None:
    """Leave so many bytes free."""
    free = shutil.disk_usage(file.parent).free
    with file.open("wb") as out:
        os.posix_fallocate(out.fileno(), 0, free - room)
