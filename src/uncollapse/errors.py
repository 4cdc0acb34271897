"""Mistakes of the user, as opposed to those of the code, and errors of the system that a person can mend."""

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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


def escape_line(text: object) -> str:
    """A text that may hold the name of a file or a word of a hostile one: what would end the line, or tell
    the terminal to do something, is written as Python escapes it."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape", "backslashreplace").decode()
        for letter in str(text)
    )


def shorten(value: object) -> str:
    """How a value is shown in a message: as Python writes it, cut where it is long."""
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
    """What is missing inside is part of an optional extra: raises MissingExtra."""
    try:
        yield
    except MissingExtra:
        raise
    except ModuleNotFoundError as error:
        text = f"{error.name} is not installed; in a clone of uncollapse: pip install '.[{extra}]'"
        raise MissingExtra(text, name=error.name) from None


def explain_error(error: BaseException | None) -> UserError | None:
    """What a person can do about an error: what it says itself, or what is to be done where a disk, its
    permissions or a lack of memory caused it; else None.

    Libraries that write without Python raise errors of their own, which only quote the system.
    """
    if isinstance(error, UserError):
        return error
    while error is not None:
        if isinstance(error, OSError) and error.errno in MENDS:
            where = f"{error.filename}: " if isinstance(error.filename, str | Path) else ""
            return make_mend(f"{where}{error.strerror}", MENDS[error.errno])
        for number, what in MENDS.items():
            if os.strerror(number) in str(error):
                return make_mend(os.strerror(number), what)
        if isinstance(error, MemoryError) or MEMORY.search(str(error)):
            return make_mend(os.strerror(errno.ENOMEM), MENDS[errno.ENOMEM])
        if isinstance(error, OSError) and CUT.search(str(error)):
            return make_mend("a file could not be written to its end", MENDS[errno.ENOSPC])
        error = error.__cause__ or error.__context__
    return None


def make_mend(text: str, what: str) -> UserError:
    """An error of the system and its mend."""
    return UserError(f"{text}; {what}, then `dvc repro` goes on from here")
