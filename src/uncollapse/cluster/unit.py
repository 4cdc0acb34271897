"""The unit: it makes jobs in a clone, on any machine that reaches the repository and the DVC remote.

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
from uncollapse.cluster.clone import find_remote, open_clone
from uncollapse.errors import UserError
from uncollapse.experiment.make_recipes import read_versions
from uncollapse.pipeline.job import Job
from uncollapse.pipeline.pool import CORES
from uncollapse.pipeline.watching.lifetime import WATCHED
from uncollapse.pipeline.watching.times import rows_of_seconds
from uncollapse.tables import Row


class Order(NamedTuple):
    """An order to a unit: jobs, at a commit of a repository, with a number of cores.

    `recipes` holds the digests of the jobs' recipes on the machine that wrote the order; it is empty where
    they are not compared.
    """

    jobs: Sequence[Job]
    commit: str
    source: str
    cores: int
    recipes: Mapping[Job, str]


class Outcome(NamedTuple):
    """The outcome of an order: the entries of its jobs in dvc.lock, or the job that failed and its line.

    `seconds` says how long jobs took, as rows of SECONDS, without the jobs that the remote had.
    """

    seconds: Sequence[Row]
    lock: Mapping[str, Any] = {}
    failed: Job | None = None
    line: str = ""


def make_order(order: Order) -> Outcome:
    """Make the jobs of an order that the remote does not have, and push them.

    Where this cannot begin (no such commit, no remote, no room on the disk, or another recipe on this
    machine), the outcome names the last job, for which the others are made.
    """
    try:
        with open_clone(order.source, order.commit, [job.cache for job in order.jobs]) as folder:
            return make_in_clone(folder, order)
    except (UserError, OSError) as error:
        return Outcome([], failed=order.jobs[-1], line=str(error))


def make_in_clone(folder: Path, order: Order) -> Outcome:
    """Make an order in a clone. Raises UserError."""
    find_remote(folder)
    # The recipes are written by hand, because DVC would accept those of another version of torch.
    if last := run_python(["stages/recipes.py"], folder, order.cores):
        raise UserError(last)
    check_recipes(folder, order)
    before = len(rows_of_seconds(folder))
    for job in order.jobs:
        (folder / job.failure).unlink(missing_ok=True)
    for command in (["repro", "--pull", "--single-item"], ["push", "--run-cache"]):
        dvc = ["-m", "uncollapse.pipeline.watching.lifetime", "dvc", *command, *map(str, order.jobs)]
        if last := run_python(dvc, folder, order.cores):
            return find_failure(order.jobs, folder, rows_of_seconds(folder)[before:], last)
    entries = lock.read_entries(folder)
    return Outcome(rows_of_seconds(folder)[before:], {str(job): entries[str(job)] for job in order.jobs})


def run_python(arguments: Sequence[str], folder: Path, cores: int) -> str:
    """Run Python in a clone, and pass on what it prints; return its last lines if it failed."""
    own = {
        "PYTHONPATH": str(folder / "src"),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",  # Stages run `python`.
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


def find_failure(jobs: Sequence[Job], folder: Path, seconds: Sequence[Row], last: str) -> Outcome:
    """Return the outcome of an order that failed, with the line of the failed job, or else the last lines."""
    for job in jobs:
        if (folder / job.failure).exists():
            return Outcome(seconds, failed=job, line=(folder / job.failure).read_text().strip())
    return Outcome(seconds, failed=jobs[-1], line=last)


def digest_recipe(recipe: Path) -> str:
    """Return the digest of a recipe."""
    return sha256(recipe.read_bytes()).hexdigest()


def check_recipes(folder: Path, order: Order) -> None:
    """Raise UserError where the grid has no such cell, or a recipe is not the one that was asked for."""
    if not (folder / order.jobs[-1].recipe_file).exists():
        own = sorted(file.stem for file in (folder / order.jobs[-1].recipe_file).parent.glob("*.json"))
        near = difflib.get_close_matches(order.jobs[-1].name, own, n=3) or own[:3]
        raise UserError(f"the grid of this commit has no such cell; did you mean {' or '.join(near)}?")
    for job, expected in order.recipes.items():
        if digest_recipe(folder / job.recipe_file) != expected:
            here = ", ".join(f"{library} {version}" for library, version in read_versions().items())
            raise UserError(f"{job}: this machine would make something else, since it has {here}")
