"""Mistakes of the user, as opposed to those of the code."""

from collections.abc import Iterator
from contextlib import contextmanager


def one_line(text: object) -> str:
    """A text that may hold the name of a file or a word of a hostile one: what would end the line, or tell
    the terminal to do something, is written as Python escapes it."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape", "backslashreplace").decode()
        for letter in str(text)
    )


def shortened(value: object) -> str:
    """How a value is shown in a message: as Python writes it, cut where it is long."""
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:150]}...{text[-20:]}"


class UserError(Exception):
    """A mistake in params.yaml, a file or an option; its text is one line that says what to change.

    `diverged` is the epoch of training in which a number was no longer finite: that is also a result.
    """

    def __init__(self, text: object, *, diverged: int = 0):
        super().__init__(one_line(text))
        self.diverged = diverged


class MissingArgument(UserError):
    """A required argument was not given; `argument` is its name."""

    def __init__(self, text: str, argument: str = ""):
        super().__init__(text)
        self.argument = argument


class MissingExtra(ModuleNotFoundError):
    """A package is not installed that an optional extra brings; the text says which."""


@contextmanager
def needs(extra: str) -> Iterator[None]:
    """What is missing inside is part of an optional extra: raises MissingExtra."""
    try:
        yield
    except MissingExtra:
        raise
    except ModuleNotFoundError as error:
        text = f"{error.name} is not installed; in a clone of uncollapse: pip install '.[{extra}]'"
        raise MissingExtra(text, name=error.name) from None
