"""Mistakes of the user, as opposed to those of the code."""

from collections.abc import Iterator
from contextlib import contextmanager


class UserError(Exception):
    """A mistake in params.yaml, a file or an option; its text is one line that says what to change."""


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
