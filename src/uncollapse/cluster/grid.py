"""Make the cells of the grid on a cluster, and gather them with `dvc repro --pull`, which trains nothing."""

import os
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

from uncollapse.cluster import lock
from uncollapse.cluster.clone import CONFIG, remote
from uncollapse.cluster.engine import engine
from uncollapse.cluster.launch import launch
from uncollapse.cluster.tasks import Task, reusable, tasks, to_make
from uncollapse.cluster.unit import Order, Outcome, digest
from uncollapse.errors import UserError
from uncollapse.experiment.cells import Cell
from uncollapse.experiment.params import Params
from uncollapse.pipeline.outputs import PARAMS, SECONDS, Job, jobs
from uncollapse.pipeline.watching.freshness import current
from uncollapse.pipeline.watching.git import commit, edited, git
from uncollapse.pipeline.watching.status import grid_status
from uncollapse.tables import append_row

NAMED = 5  # failed cells, in the last line


def make_grid(name: str, source: str) -> None:
    """Make what is missing on an engine, each cell from a clone of `source` at this commit.

    Raises UserError where it cannot be begun: with edits, or without a remote; and at the end if a cell
    failed, when all others have been gathered.
    """
    check()
    datasets = Params(PARAMS).stated.datasets  # checked before DVC reads it
    dvc("repro", "--single-item", "recipes")
    pull()
    statuses = grid_status()
    missing = to_make(statuses)
    made_here = (job for status in missing for job in reusable(status.cell) if job not in status.jobs)
    here = dict.fromkeys(map(str, made_here))
    if here:
        dvc("push", "--run-cache", *here)

    def order(task: Task) -> Order:
        recipes = {job: digest(job.recipe_file) for job in task.jobs}
        return Order(task.jobs, commit(), source, task.resources.cpus, recipes)

    failed, made = dict[str, Outcome](), dict[str, Any]()

    def took(outcome: Outcome) -> None:
        made.update(outcome.lock)
        note(outcome)

    if missing:
        resources = {name: dataset.resources for name, dataset in datasets.items()}
        try:
            with closing(engine(name)) as own:
                failed = launch(tasks(statuses, resources), own, order, took)
        finally:  # also where it was interrupted
            lock.add(Path(), made)
    cells = [status.cell for status in statuses]
    lines = [f"{cell}: {failed[str(cell)].line}" for cell in cells if str(cell) in failed]
    try:
        gather([cell for cell in cells if str(cell) not in failed], whole=not failed)
    finally:
        if lines:
            more = f"; and {len(lines) - NAMED} more, see above" if len(lines) > NAMED else ""
            raise UserError(f"of {len(cells)} cells these failed: {'; '.join(lines[:NAMED])}{more}")


def check() -> None:
    """Raises UserError unless this is a commit of a project with a remote."""
    if not git("rev-parse", "HEAD"):
        raise UserError("no commit here, and workers clone one; `git commit` first")
    if edited() or git("status", "--porcelain", "--", str(CONFIG)):
        raise UserError("there are edits that no commit has, and workers clone one; `git commit` first")
    remote(Path())


def note(outcome: Outcome) -> None:
    """Note how long jobs took elsewhere, and why one failed, as if they had run here."""
    for row in outcome.seconds:
        SECONDS.parent.mkdir(exist_ok=True)
        append_row(SECONDS, row)
    for name in outcome.lock:
        Job(*name.split("@")).failure.unlink(missing_ok=True)
    if outcome.failed:
        outcome.failed.failure.parent.mkdir(parents=True, exist_ok=True)
        outcome.failed.failure.write_text(f"{outcome.line}\n")


def gather(cells: list[Cell], *, whole: bool) -> None:
    """Bring the cells here, and make the report and the mirror in MLflow of them.

    Raises UserError where one did not come, which DVC would make here.
    """
    pull()
    if lost := [str(cell) for cell in cells if not current(cell)]:
        raise UserError(f"{len(lost)} cells did not come from the remote, such as {lost[0]}; call it again")
    if whole:
        dvc("repro", "--pull")
    elif cells:
        made = dict.fromkeys(str(job) for cell in cells for job in jobs(cell))
        dvc("repro", "--pull", "--single-item", "calibrate", *made, "report", "track")


def pull() -> None:
    """Bring here what the remote has, in place of what a run that was ended may have left.

    All at once: `dvc repro --pull` alone takes four times as long.
    """
    print("bringing here what the remote has; DVC warns of what it does not have yet", flush=True)
    dvc("pull", "--allow-missing", "--force")


def dvc(*arguments: str) -> None:
    """Run DVC, which prints what it does. Raises UserError if it fails."""
    environment = {**os.environ, "DVC_NO_ANALYTICS": "1"}
    if subprocess.run(["dvc", *arguments], env=environment, check=False).returncode:
        raise UserError(f"dvc {' '.join(arguments[:3])}: failed, see above")
