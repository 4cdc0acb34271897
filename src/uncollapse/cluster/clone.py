"""A clone of the project at one commit, for one unit at a time, in this machine's scratch folder."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from configparser import ConfigParser
from contextlib import contextmanager
from hashlib import sha256
from itertools import chain, count
from pathlib import Path

from filelock import FileLock, Timeout

from uncollapse.errors import UserError
from uncollapse.pipeline.watching.git import ask_git, is_edited

SCRATCH = "UNCOLLAPSE_SCRATCH"  # The environment variable that names the scratch folder.
CONFIG = Path(".dvc/config")
RWLOCK = Path(".dvc/tmp/rwlock")  # DVC writes this file in place, so a kill may leave half of it.


def find_scratch() -> Path:
    """Return the folder in which a machine keeps its clones; it should be on a local disk."""
    return Path(os.environ.get(SCRATCH) or Path(tempfile.gettempdir()) / f"uncollapse-{os.getuid()}")


@contextmanager
def open_clone(source: str, commit: str, begun: Sequence[Path] = ()) -> Iterator[Path]:
    """Open a clone of `source` at `commit` in which nobody else works; it stays, for the next unit.

    A clone that has a path of `begun` comes first, because an earlier attempt left it there. Raises UserError
    where there is no such repository or commit, and where somebody edited the clone.
    """
    folders = find_scratch() / sha256(source.encode()).hexdigest()[:12]
    folders.mkdir(parents=True, exist_ok=True)
    there = sorted(int(folder.name) for folder in folders.iterdir() if folder.name.isdigit())
    there.sort(key=lambda number: not any((folders / str(number) / path).exists() for path in begun))
    for number in chain(there, (number for number in count() if number not in there)):
        try:
            held = FileLock(folders / f"{number}.lock").acquire(timeout=0)
        except Timeout:
            continue
        with held:
            check_out(folders / str(number), source, commit)
            yield folders / str(number)
            return


def check_out(folder: Path, source: str, commit: str) -> None:
    """Check out a commit in a clone, which is made first where there is none. Raises UserError.

    The commit is checked out even if it is there already: a kill may have left half of a dvc.lock.
    """

    def resolved() -> str:
        return ask_git("-C", str(folder), "rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}")

    here, whole = ["git", "-C", str(folder)], folder / ".git/uncollapse"
    if folder.exists() and not whole.exists():  # An earlier unit was killed here.
        shutil.rmtree(folder)
    if not folder.exists():
        run_git(["git", "clone", "--quiet", "--no-checkout", "--", source, str(folder)])
    if not resolved():
        run_git([*here, "fetch", "--quiet", "origin"])
    if not (full := resolved()):
        raise UserError(f"{source} has no commit {commit}; push it, so that others can make its cells")
    at = whole.read_text() if whole.exists() else ""
    if at and is_edited(folder):
        raise UserError(f"{folder}: was edited, but should be commit {at[:12]} unchanged; delete the folder")
    whole.unlink(missing_ok=True)
    (folder / RWLOCK).unlink(missing_ok=True)
    run_git([*here, "checkout", "--quiet", "--force", "--detach", full])
    whole.write_text(full)


def run_git(command: list[str]) -> None:
    """Run a git command. Raises UserError with the last line that it prints, if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise UserError(f"{' '.join(command)}: {(done.stderr.strip().splitlines() or [''])[-1]}")


def find_remote(folder: Path) -> str:
    """Return the name of a project's default DVC remote, as git has it. Raises UserError without one."""
    config = ConfigParser()
    config.read(folder / CONFIG)
    if not config.has_option("core", "remote"):
        how = "`dvc remote add --default storage URL`, and commit .dvc/config"
        raise UserError(f"there is no DVC remote, through which machines exchange cells; {how}")
    name = config["core"]["remote"]
    url = config.get(f"'remote \"{name}\"'", "url", fallback="")
    if "://" not in url and not Path(url).is_absolute():
        raise UserError(
            f"{CONFIG}: remote {name!r} is at {url}, which is another place in a clone; use a full path"
        )
    if "://" not in url and not Path(url).parent.is_dir():  # Every machine would make its own.
        raise UserError(
            f"{CONFIG}: remote {name!r} is at {url}, but there is no folder {Path(url).parent} here"
        )
    return name
