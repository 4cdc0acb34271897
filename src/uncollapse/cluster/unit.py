"""The unit: make jobs in a clone of their own, on any machine that reaches the repository and the DVC remote.

What another machine has made comes from the remote, and what is made here goes there with its entry in the
run cache. So a unit whose jobs are there already costs one look-up.
"""

import difflib
import os
import subprocess
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from uncollapse.cluster import lock
from uncollapse.cluster.clone import clone, remote
from uncollapse.errors import UserError
from uncollapse.experiment.recipes import versions
from uncollapse.pipeline.outputs import Job
from uncollapse.pipeline.pool import CORES
from uncollapse.pipeline.watching.lifetime import WATCHED
from uncollapse.pipeline.watching.times import rows_of_seconds
from uncollapse.tables import Row


class Order(NamedTuple):
    """What a unit is asked for: jobs, at a commit of a repository, with so many cores.

    `recipes` has digests of the jobs' recipes where the order was written; none where nobody compares.
    """

    jobs: Sequence[Job]
    commit: str
    source: str
    cores: int
    recipes: Mapping[Job, str]


class Outcome(NamedTuple):
    """What became of an order: the entries of its jobs in dvc.lock, or the job that failed and its line.

    `seconds` says how long jobs took, as rows of SECONDS; none of those that the remote had.
    """

    seconds: Sequence[Row]
    lock: Mapping[str, Any] = {}
    failed: Job | None = None
    line: str = ""


def make(order: Order) -> Outcome:
    """Make those jobs of an order that the remote does not have, and push them.

    Where this cannot be begun, the outcome says it of the last job, for which the others are made: no such
    commit, no remote, no room on the disk, or another recipe on this machine.
    """
    try:
        with clone(order.source, order.commit, [job.cache for job in order.jobs]) as folder:
            return make_in(folder, order)
    except (UserError, OSError) as error:
        return Outcome([], failed=order.jobs[-1], line=str(error))


def make_in(folder: Path, order: Order) -> Outcome:
    """Make an order in a clone. Raises UserError."""
    remote(folder)
    # by hand: DVC would take for current what another version of torch has written
    if last := run(["stages/recipes.py"], folder, order.cores):
        raise UserError(last)
    check(folder, order)
    before = len(rows_of_seconds(folder))
    for job in order.jobs:
        (folder / job.failure).unlink(missing_ok=True)
    for command in (["repro", "--pull", "--single-item"], ["push", "--run-cache"]):
        dvc = ["-m", "uncollapse.pipeline.watching.lifetime", "dvc", *command, *map(str, order.jobs)]
        if last := run(dvc, folder, order.cores):
            return failure(order.jobs, folder, rows_of_seconds(folder)[before:], last)
    entries = lock.entries(folder)
    return Outcome(rows_of_seconds(folder)[before:], {str(job): entries[str(job)] for job in order.jobs})


def run(arguments: Sequence[str], folder: Path, cores: int) -> str:
    """Run Python in a clone, and pass on what it prints; returns the last lines if it failed."""
    own = {
        "PYTHONPATH": str(folder / "src"),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",  # stages run its `python`
        CORES: str(cores),
        WATCHED: str(os.getpid()),
        "DVC_NO_ANALYTICS": "1",
        "PYTHONUNBUFFERED": "1",
    }
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    command = [sys.executable, *arguments]
    with subprocess.Popen(command, cwd=folder, env={**os.environ, **own}, **pipes) as process:
        last = deque[str](maxlen=3)
        for line in process.stdout or ():
            print(line, end="", flush=True)
            last.extend(filter(None, [line.strip()]))
    return (" | ".join(last) or f"exit code {process.returncode}") if process.returncode else ""


def failure(jobs: Sequence[Job], folder: Path, seconds: Sequence[Row], last: str) -> Outcome:
    """The outcome of an order that failed: by the line of the job that did, or else the last lines."""
    for job in jobs:
        if (folder / job.failure).exists():
            return Outcome(seconds, failed=job, line=(folder / job.failure).read_text().strip())
    return Outcome(seconds, failed=jobs[-1], line=last)


def digest(recipe: Path) -> str:
    """What tells a recipe from another."""
    return sha256(recipe.read_bytes()).hexdigest()


def check(folder: Path, order: Order) -> None:
    """Raises UserError where the grid has no such cell, or a recipe is not the one that was asked for."""
    if not (folder / order.jobs[-1].recipe_file).exists():
        own = sorted(file.stem for file in (folder / order.jobs[-1].recipe_file).parent.glob("*.json"))
        near = difflib.get_close_matches(order.jobs[-1].name, own, n=3) or own[:3]
        raise UserError(f"no such cell in the grid of this commit; near: {', '.join(near)}")
    for job, expected in order.recipes.items():
        if digest(folder / job.recipe_file) != expected:
            here = ", ".join(f"{library} {version}" for library, version in versions().items())
            raise UserError(f"{job}: this machine would make something else; it has {here}")
