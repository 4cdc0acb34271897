"""A disk that fails: the nth time that a file below a folder is opened for writing, given room, written, put
on the disk or renamed. Under the C library where a compiler is there, else under Python, where libraries in C
go around it."""

import builtins
import ctypes
import errno
import io
import mmap
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

SHIM = "FAULTS_SHIM"  # the environment variable that says that this process runs with the shim


class Disk:
    """One that fails from the nth time on with ENOSPC, or just then with EIO; `count` is how often it was
    used, in all processes."""

    def __init__(self) -> None:
        self.memory = mmap.mmap(-1, 8)
        self.cell = ctypes.c_long.from_buffer(self.memory)

    @property
    def count(self) -> int:
        return self.cell.value

    def failing(self, folder: Path, n: int) -> Callable[[], None]:
        """What makes a process use it below the folder."""
        self.cell.value = 0
        number = (errno.ENOSPC, errno.EIO)[n % 2]
        arguments = os.fsencode(folder.resolve()), n, number, int(number == errno.EIO)

        def arm() -> None:
            if SHIM in os.environ:
                shim_arm = ctypes.CDLL(None).shim_arm
                shim_arm.argtypes = [
                    ctypes.c_void_p,
                    ctypes.c_char_p,
                    ctypes.c_long,
                    ctypes.c_int,
                    ctypes.c_int,
                ]
                shim_arm(ctypes.addressof(self.cell), *arguments)
            else:
                patch(self.cell, *arguments)

        return arm


def with_shim(folder: Path) -> bool:
    """Begin this program again with the shim, if it is not there yet; False where there is no compiler."""
    compiler, library = shutil.which("cc") or shutil.which("gcc"), folder / "shim.so"
    if SHIM in os.environ:
        if loaded := os.environ.pop("LD_PRELOAD", ""):  # it stays in this process and those that it forks
            shutil.rmtree(Path(loaded).parent)
        return True
    if compiler is None or not sys.platform.startswith("linux"):
        return False
    source = str(Path(__file__).with_name("shim.c"))
    subprocess.run([compiler, "-O1", "-shared", "-fPIC", "-o", str(library), source, "-ldl"], check=True)
    environment = {**os.environ, SHIM: "1", "LD_PRELOAD": str(library)}
    os.execve(sys.executable, [sys.executable, "-m", "faults", *sys.argv[1:]], environment)


def patch(cell: ctypes.c_long, folder: bytes, n: int, number: int, once: int) -> None:
    """The same under Python, in this process."""
    inside = os.fsdecode(folder) + os.sep

    def check(path: Any) -> None:
        if isinstance(path, int):
            path = os.readlink(f"/proc/self/fd/{path}") if Path(f"/proc/self/fd/{path}").exists() else ""
        if os.path.abspath(os.fsdecode(path)).startswith(inside):
            cell.value += 1
            if cell.value == n if once else cell.value >= n:
                raise OSError(number, os.strerror(number), os.fsdecode(path))

    class Raw(io.FileIO):
        def write(self, content: Any) -> int:
            check(self.name)
            return super().write(content)

    def opened(file: Any, mode: str = "r", buffering: int = -1, *rest: Any, **named: Any) -> Any:
        if isinstance(file, int) or not {"w", "a", "x", "+"} & {*mode}:
            return real_open(file, mode, buffering, *rest, **named)
        check(file)
        raw = Raw(file, mode.replace("b", "").replace("t", ""))
        binary = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
        return binary if "b" in mode else io.TextIOWrapper(binary, *rest, **named)

    def checked(function: Callable[..., Any], place: int) -> Callable[..., Any]:
        def called(*arguments: Any, **named: Any) -> Any:
            check(arguments[place])
            return function(*arguments, **named)

        return called

    real_open = builtins.open
    builtins.open = io.open = opened
    for name, place in {"fsync": 0, "posix_fallocate": 0, "rename": 1, "replace": 1}.items():
        setattr(os, name, checked(getattr(os, name), place))
    shutil._USE_CP_SENDFILE = False
