"""Errors that a person can fix: a mistake in a file or an option, and what the system refuses."""

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FIXES = {
    errno.ENOSPC: "make room",
    errno.EDQUOT: "make room",
    errno.EIO: "see whether the disk fails",
    errno.EROFS: "make it writable",
    errno.EACCES: "make it writable",
    errno.EPERM: "make it writable",
    errno.EMFILE: "raise the limit of open files",
    errno.ENOMEM: "take a smaller net or batch",
}
MEMORY = re.compile("out of memory|ALLOC_FAILED|size calculation overflowed")  # The words of torch.
CUT = re.compile(r"\d+ requested and \d+ written")  # The words of numpy, which gives no reason.


def escape_line(text: object) -> str:
    """Escape what would end the line or command the terminal, as Python writes it.

    The text may hold the name of a file, or a word from a hostile one.
    """
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape", "backslashreplace").decode()
        for letter in str(text)
    )


def shorten(value: object) -> str:
    """Show a value in a message: as Python writes it, and shortened if it is long."""
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:150]}...{text[-20:]}"


class UserError(Exception):
    """A mistake in params.yaml, a file or an option; its text is one line that says what to change.

    `diverged` is the epoch of training in which a number was no longer finite: that is also a result.
    """

    def __init__(self, text: object, *, diverged: int = 0):
        super().__init__(escape_line(text))
        self.diverged = diverged


class MissingArgument(UserError):
    """A required argument was not given; `argument` is its name."""

    def __init__(self, text: str, argument: str = ""):
        super().__init__(text)
        self.argument = argument


class MissingExtra(ModuleNotFoundError):
    """A package is not installed that an optional extra brings; the text says which."""


@contextmanager
def need_extra(extra: str) -> Iterator[None]:
    """Turn an import that fails in the block into MissingExtra, which names the extra to install."""
    try:
        yield
    except MissingExtra:
        raise
    except ModuleNotFoundError as error:
        text = f"{error.name} is not installed; in a clone of uncollapse: pip install '.[{extra}]'"
        raise MissingExtra(text, name=error.name) from None


def explain_error(error: BaseException | None) -> UserError | None:
    """Explain an error by what a person can do about it, or return None.

    A UserError says so itself. Otherwise a disk, its permissions or a lack of memory may be the cause. They
    are also recognised in the errors of libraries that write without Python and only quote the system.
    """
    if isinstance(error, UserError):
        return error
    while error is not None:
        if isinstance(error, OSError) and error.errno in FIXES:
            where = f"{error.filename}: " if isinstance(error.filename, str | Path) else ""
            return state_fix(f"{where}{error.strerror}", FIXES[error.errno])
        for number, fix in FIXES.items():
            if os.strerror(number) in str(error):
                return state_fix(os.strerror(number), fix)
        if isinstance(error, MemoryError) or MEMORY.search(str(error)):
            return state_fix(os.strerror(errno.ENOMEM), FIXES[errno.ENOMEM])
        if isinstance(error, OSError) and CUT.search(str(error)):
            return state_fix("a file could not be written to its end", FIXES[errno.ENOSPC])
        error = error.__cause__ or error.__context__
    return None


def state_fix(cause: str, fix: str) -> UserError:
    """Return the error that states a cause and how to fix it."""
    return UserError(f"{cause}; {fix}, then `dvc repro` goes on from here")
