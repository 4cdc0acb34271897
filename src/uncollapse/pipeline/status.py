"""The status of the grid: which cells `dvc repro` would make, in what time; and the numbers of a cell."""

import difflib
from typing import NamedTuple

import pandas as pd

from uncollapse.errors import UserError
from uncollapse.experiment.cells import Cell
from uncollapse.experiment.params import Params
from uncollapse.experiment.recipes import cell_recipes, text
from uncollapse.pipeline import outputs
from uncollapse.pipeline.condition import READY, Condition, cell_condition, pending
from uncollapse.pipeline.outputs import Job
from uncollapse.pipeline.times import earlier_times, estimate
from uncollapse.statistics import interval as student_interval


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


def cell_measures(name: str) -> tuple[CellStatus, pd.DataFrame]:
    """The status of a cell, and its measures.

    A row is a measure, a column a seed; then `mean`, and `half`, the half width of Student's 95 % interval.
    Raises UserError where the grid has no such cell, or the cell no measures.
    """
    statuses = {str(status.cell): status for status in grid_status()}
    if name not in statuses:
        near = difflib.get_close_matches(name, statuses, n=3, cutoff=0.4) or list(statuses)[:3]
        raise UserError(
            f"no cell {name!r} in the grid of params.yaml; near: {', '.join(near)}; all: `uncollapse grid`"
        )
    status = statuses[name]
    file = outputs.measures(status.cell)
    if not file.exists():
        raise UserError(f"{name} has no measures yet, it is: {', '.join(filter(None, status.condition))}")
    table = pd.read_csv(file).set_index("seed").astype(float)
    intervals = [student_interval(table[measure]) for measure in table]
    return status, table.T.assign(
        mean=[interval.mean for interval in intervals],
        half=[(interval.high - interval.low) / 2 for interval in intervals],
    )
