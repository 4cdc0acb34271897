"""The status of the grid: which cells `dvc repro` would make, and how long that may take."""

from typing import NamedTuple

from uncollapse.errors import UserError
from uncollapse.experiment.cells import Cell
from uncollapse.experiment.make_recipes import make_cell_recipes, to_text
from uncollapse.experiment.params import Params
from uncollapse.experiment.recipe import Recipe
from uncollapse.pipeline.cell_files import CellFiles
from uncollapse.pipeline.job import Job
from uncollapse.pipeline.paths import PARAMS, PIPELINE
from uncollapse.pipeline.watching.freshness import READY, Condition, find_cell_condition, find_pending
from uncollapse.pipeline.watching.times import estimate_seconds, read_times


class CellStatus(NamedTuple):
    """A cell, its condition, the seconds that it may take to make it, and the jobs that do.

    The seconds are None if they are unknown.
    """

    cell: Cell
    condition: Condition
    seconds: float | None
    jobs: list[Job]


def find_status() -> list[CellStatus]:
    """Return the status of every cell of the grid, for params.yaml and the code as they are now.

    A job that several cells share is counted with the first. Raises UserError outside of a project, and
    where params.yaml has a mistake.
    """
    if not (PARAMS.exists() and PIPELINE.exists()):
        raise UserError("no params.yaml and dvc.yaml here; go to the folder of the project first")
    params = Params(PARAMS)
    recipes = {Job.parse(name): Recipe(recipe) for name, recipe in make_cell_recipes(params).items()}
    texts = {job: to_text(recipe.stated) for job, recipe in recipes.items()}
    times, counted, statuses = read_times(), set[Job](), []
    for cell in params.cells():
        condition, jobs = find_cell_condition(cell, texts), find_pending(cell, texts)
        estimates = [
            estimate_seconds(job, recipes[job], times)
            for job in jobs
            if job not in counted and condition.state != "not here"
        ]
        counted.update(jobs)
        if condition == READY and (ends := CellFiles(cell).read_diverged()):
            line = ", ".join(f"seed {seed} diverged in epoch {epoch}" for seed, epoch in ends.items())
            condition = Condition("ready", f"{line}, and is in no mean")
        seconds = None if None in estimates else sum(filter(None, estimates))
        statuses.append(CellStatus(cell, condition, seconds, list(jobs)))
    return statuses
