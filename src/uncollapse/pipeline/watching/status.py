"""The status of the grid: which cells `dvc repro` would make, in what time."""

from typing import NamedTuple

from uncollapse.errors import UserError
from uncollapse.experiment.cells import Cell
from uncollapse.experiment.params import Params
from uncollapse.experiment.recipes import cell_recipes, text
from uncollapse.pipeline import outputs
from uncollapse.pipeline.outputs import Job
from uncollapse.pipeline.watching.freshness import READY, Condition, cell_condition, pending
from uncollapse.pipeline.watching.times import earlier_times, estimate


class CellStatus(NamedTuple):
    """A cell, its condition, the seconds that it may take to make it, and the jobs that do.

    The seconds are None if they are unknown.
    """

    cell: Cell
    condition: Condition
    seconds: float | None
    jobs: list[Job]


def grid_status() -> list[CellStatus]:
    """The status of every cell of the grid, for params.yaml and the code as they are now.

    What several cells are made from is counted with the first. Raises UserError outside of a project, and
    where params.yaml has a mistake.
    """
    if not (outputs.PARAMS.exists() and outputs.PIPELINE.exists()):
        raise UserError("no params.yaml and dvc.yaml here; go to the folder of the project first")
    params = Params(outputs.PARAMS)
    recipes = {Job(*name.split("/")): recipe for name, recipe in cell_recipes(params).items()}
    texts = {job: text(recipe) for job, recipe in recipes.items()}
    times, counted, statuses = earlier_times(), set[Job](), []
    for cell in params.cells():
        condition, jobs = cell_condition(cell, texts), pending(cell, texts)
        estimates = [
            estimate(job, recipes[job], times)
            for job in jobs
            if job not in counted and condition.state != "not here"
        ]
        counted.update(jobs)
        if condition == READY and (ends := outputs.diverged(cell)):
            line = ", ".join(f"seed {seed} diverged in epoch {epoch}" for seed, epoch in ends.items())
            condition = Condition("ready", f"{line}, and is in no mean")
        seconds = None if None in estimates else sum(filter(None, estimates))
        statuses.append(CellStatus(cell, condition, seconds, list(jobs)))
    return statuses
