"""Files that are whole or not there, whatever ends the process that writes them."""

import os
from pathlib import Path

NEW = ".new"  # ending of a file that is being written, beside the one whose place it takes


def write_whole(file: Path, content: str | bytes, *, sync: bool = True) -> None:
    """Write a file that nobody ever sees in part: a new one takes its place when it is on the disk.

    Without `sync` a loss of power may still damage it, a kill may not.
    """
    new = file.with_name(file.name + NEW)
    with new.open("wb") as out:
        out.write(content.encode() if isinstance(content, str) else content)
        if sync:
            out.flush()
            os.fsync(out.fileno())
    new.replace(file)


def allocate(file: Path, size: int) -> None:
    """Take room on the disk for `size` bytes of a file that exists, before it is written through memory.

    Where the disk is full then, the system ends the process; here it raises OSError. Systems that cannot take
    room (macOS) go on without.
    """
    if hasattr(os, "posix_fallocate"):
        with file.open("r+b") as out:
            os.posix_fallocate(out.fileno(), 0, size)


def complete(folder: Path, mark: str) -> None:
    """Mark a folder as complete by an empty file, when what stands in it is on the disk."""
    for path in (*folder.iterdir(), folder):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    (folder / mark).touch()
