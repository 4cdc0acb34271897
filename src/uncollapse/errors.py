"""Mistakes of the user, as opposed to those of the code."""


class UserError(Exception):
    """A mistake in params.yaml, a file or an option; its text is one line that says what to change."""


class MissingArgument(UserError):
    """A required argument was not given; `argument` is its name."""

    def __init__(self, text: str, argument: str = ""):
        super().__init__(text)
        self.argument = argument
