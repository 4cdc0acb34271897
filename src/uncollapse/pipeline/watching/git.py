"""Ask git for the state of the code."""

import subprocess
from functools import cache
from pathlib import Path

from uncollapse.pipeline.paths import PARAMS, PIPELINE

SOURCES = (str(PARAMS), str(PIPELINE), "src", "stages")  # These determine every number.


@cache
def read_commit() -> str:
    """Return the full name of the commit that is checked out, or nothing outside of git."""
    return ask_git("rev-parse", "HEAD")


def is_edited(folder: Path = Path()) -> bool:
    """Tell whether a folder differs from its commit in a file that determines a number."""
    return bool(ask_git("-C", str(folder), "status", "--porcelain", "--", *SOURCES))


def ask_git(*arguments: str) -> str:
    """Return the output of a command of git, or nothing if the command fails."""
    return subprocess.run(["git", *arguments], capture_output=True, text=True, check=False).stdout.strip()
