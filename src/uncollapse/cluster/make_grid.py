"""The grid on a cluster: cells are made there, and gathered by `dvc repro --pull`, which trains nothing."""

import os
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

from uncollapse.cluster import lock
from uncollapse.cluster.clone import CONFIG, find_remote
from uncollapse.cluster.engine import start_engine
from uncollapse.cluster.launch import launch
from uncollapse.cluster.tasks import Task, list_reusable_jobs, plan_tasks, select_missing
from uncollapse.cluster.unit import Order, Outcome, digest_recipe
from uncollapse.errors import UserError
from uncollapse.experiment.cells import Cell
from uncollapse.experiment.params import Params
from uncollapse.pipeline.job import Job, list_jobs
from uncollapse.pipeline.paths import PARAMS, SECONDS
from uncollapse.pipeline.watching.freshness import is_current
from uncollapse.pipeline.watching.git import ask_git, is_edited, read_commit
from uncollapse.pipeline.watching.status import find_status
from uncollapse.tables import append_row

MOST_LISTED = 5  # The last line names no more of the failed cells.


def make_grid(name: str, source: str) -> None:
    """Make what is missing on an engine, each cell in a clone of `source` at this commit.

    Raises UserError where this cannot begin (with edits, or without a remote), and at the end if a cell
    failed, when all others have been gathered.
    """
    check_repository()
    datasets = Params(PARAMS).stated.datasets  # Checked before DVC reads it.
    run_dvc("repro", "--single-item", "recipes")
    pull_cells()
    statuses = find_status()
    missing = select_missing(statuses)
    made_here = (
        job for status in missing for job in list_reusable_jobs(status.cell) if job not in status.jobs
    )
    here = dict.fromkeys(map(str, made_here))
    if here:
        run_dvc("push", "--run-cache", *here)

    def order(task: Task) -> Order:
        recipes = {job: digest_recipe(job.recipe_file) for job in task.jobs}
        return Order(task.jobs, read_commit(), source, task.resources.cpus, recipes)

    failed, made = dict[str, Outcome](), dict[str, Any]()

    def took(outcome: Outcome) -> None:
        made.update(outcome.lock)
        note_outcome(outcome)

    if missing:
        resources = {name: dataset.resources for name, dataset in datasets.items()}
        try:
            with closing(start_engine(name)) as own:
                failed = launch(plan_tasks(statuses, resources), own, order, took)
        finally:  # Also after an interruption.
            lock.add_entries(Path(), made)
    cells = [status.cell for status in statuses]
    lines = [f"{cell}: {failed[str(cell)].line}" for cell in cells if str(cell) in failed]
    try:
        gather_cells([cell for cell in cells if str(cell) not in failed], whole=not failed)
    finally:
        if lines:
            more = f"; and {len(lines) - MOST_LISTED} more, see above" if len(lines) > MOST_LISTED else ""
            raise UserError(f"of {len(cells)} cells these failed: {'; '.join(lines[:MOST_LISTED])}{more}")


def check_repository() -> None:
    """Raise UserError unless this is a commit of a project with a remote."""
    if not ask_git("rev-parse", "HEAD"):
        raise UserError("there is no commit here for workers to clone; run `git commit` first")
    if is_edited() or ask_git("status", "--porcelain", "--", str(CONFIG)):
        raise UserError(
            "there are edits here that workers, who clone a commit, would miss; run `git commit` first"
        )
    find_remote(Path())


def note_outcome(outcome: Outcome) -> None:
    """Record how long jobs took elsewhere, and why one failed, as if they had run here."""
    for row in outcome.seconds:
        SECONDS.parent.mkdir(exist_ok=True)
        append_row(SECONDS, row)
    for name in outcome.lock:
        Job.parse(name).failure.unlink(missing_ok=True)
    if outcome.failed:
        outcome.failed.failure.parent.mkdir(parents=True, exist_ok=True)
        outcome.failed.failure.write_text(f"{outcome.line}\n")


def gather_cells(cells: list[Cell], *, whole: bool) -> None:
    """Bring the cells here, and make the report and the mirror in MLflow of them.

    Raises UserError if a cell did not come, because DVC would make it here.
    """
    pull_cells()
    if lost := [str(cell) for cell in cells if not is_current(cell)]:
        raise UserError(f"{len(lost)} cells did not come from the remote, such as {lost[0]}; run this again")
    if whole:
        run_dvc("repro", "--pull")
    elif cells:
        made = dict.fromkeys(str(job) for cell in cells for job in list_jobs(cell))
        run_dvc("repro", "--pull", "--single-item", "calibrate", *made, "report", "track")


def pull_cells() -> None:
    """Bring here what the remote has, in place of what an interrupted run may have left.

    All cells come at once, because `dvc repro --pull` alone takes four times as long.
    """
    print("pulling what the remote has; DVC warns about what it does not have yet", flush=True)
    run_dvc("pull", "--allow-missing", "--force")


def run_dvc(*arguments: str) -> None:
    """Run DVC, which prints what it does. Raises UserError if it fails."""
    environment = {**os.environ, "DVC_NO_ANALYTICS": "1"}
    if subprocess.run(["dvc", *arguments], env=environment, check=False).returncode:
        raise UserError(f"dvc {' '.join(arguments[:3])}: failed; see above")
