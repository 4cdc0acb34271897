"""Files that are whole or not there, whatever ends the process that writes them, and errors of the system."""

import errno
import os
import re
from pathlib import Path

from uncollapse.errors import UserError

NEW = ".new"  # ending of a file that is being written, beside the one whose place it takes
MENDS = {
    errno.ENOSPC: "make room",
    errno.EDQUOT: "make room",
    errno.EIO: "see whether the disk fails",
    errno.EROFS: "make it writable",
    errno.EACCES: "make it writable",
    errno.EPERM: "make it writable",
    errno.EMFILE: "raise the limit of open files",
    errno.ENOMEM: "take a smaller net or batch",
}
MEMORY = re.compile("out of memory|ALLOC_FAILED|size calculation overflowed")  # by torch
CUT = re.compile(r"\d+ requested and \d+ written")  # by numpy, which does not say why


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


def mendable(error: BaseException | None) -> UserError | None:
    """What a person can do about an error: what it says itself, or what is to be done where a disk, its
    permissions or a lack of memory caused it; else None.

    Libraries that write without Python raise errors of their own, which only quote the system.
    """
    if isinstance(error, UserError):
        return error
    while error is not None:
        if isinstance(error, OSError) and error.errno in MENDS:
            where = f"{error.filename}: " if isinstance(error.filename, str | Path) else ""
            return mend(f"{where}{error.strerror}", MENDS[error.errno])
        for number, what in MENDS.items():
            if os.strerror(number) in str(error):
                return mend(os.strerror(number), what)
        if isinstance(error, MemoryError) or MEMORY.search(str(error)):
            return mend(os.strerror(errno.ENOMEM), MENDS[errno.ENOMEM])
        if isinstance(error, OSError) and CUT.search(str(error)):
            return mend("a file could not be written to its end", MENDS[errno.ENOSPC])
        error = error.__cause__ or error.__context__
    return None


def mend(text: str, what: str) -> UserError:
    """An error of the system and its mend."""
    return UserError(f"{text}; {what}, then `dvc repro` goes on from here")
