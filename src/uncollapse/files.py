"""Files that are whole or not there, whatever ends the process that writes them."""

import os
from pathlib import Path

NEW = ".new"  # The ending of a file that is being written beside the one that it will replace.


def write_whole(file: Path, content: str | bytes, *, sync: bool = True) -> None:
    """Write a file that nobody ever sees in part: it replaces the old one when it is on the disk.

    Without `sync` a loss of power may damage the file, but a kill cannot.
    """
    new = file.with_name(file.name + NEW)
    with new.open("wb") as out:
        out.write(content.encode() if isinstance(content, str) else content)
        if sync:
            out.flush()
            os.fsync(out.fileno())
    new.replace(file)


def allocate(file: Path, size: int) -> None:
    """Reserve room on the disk for `size` bytes of a file that exists and will be written through memory.

    If the disk is full, this raises OSError, whereas writing through memory would end the process. Where the
    system cannot reserve room (macOS), nothing is done.
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
