"""The state of the code, as git knows it."""

import subprocess
from functools import cache
from pathlib import Path

from uncollapse.pipeline.paths import PARAMS, PIPELINE

SOURCES = (str(PARAMS), str(PIPELINE), "src", "stages")  # all that determines a number


@cache
def commit() -> str:
    """The full name of the commit that is checked out; nothing outside of git."""
    return git("rev-parse", "HEAD")


def edited(folder: Path = Path()) -> bool:
    """Whether something that determines a number was edited since the commit that a folder holds."""
    return bool(git("-C", str(folder), "status", "--porcelain", "--", *SOURCES))


def git(*arguments: str) -> str:
    """The output of a command of git; nothing where it fails."""
    return subprocess.run(["git", *arguments], capture_output=True, text=True, check=False).stdout.strip()
