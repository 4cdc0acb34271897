"""The state of the code, as git knows it."""

import subprocess
from functools import cache
from pathlib import Path

from uncollapse.pipeline.paths import PARAMS, PIPELINE

SOURCES = (str(PARAMS), str(PIPELINE), "src", "stages")  # all that determines a number


@cache
def read_commit() -> str:
    """The full name of the commit that is checked out; nothing outside of git."""
    return ask_git("rev-parse", "HEAD")


def is_edited(folder: Path = Path()) -> bool:
    """Whether something that determines a number was edited since the commit that a folder holds."""
    return bool(ask_git("-C", str(folder), "status", "--porcelain", "--", *SOURCES))


def ask_git(*arguments: str) -> str:
    """The output of a command of git; nothing where it fails."""
    return subprocess.run(["git", *arguments], capture_output=True, text=True, check=False).stdout.strip()
