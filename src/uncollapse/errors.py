"""Mistakes of the person at the keyboard."""


class UserError(Exception):
    """A mistake in params.yaml, a file or an option; its text is one line that names it and the mend."""


class MissingArgument(UserError):
    """A required argument was not given."""
