"""The tasks that make a grid: one for each cell, and before them those that several cells share."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from uncollapse.experiment.cells import Cell
from uncollapse.experiment.schema import Resources
from uncollapse.pipeline.job import Job, list_jobs
from uncollapse.pipeline.job_recipe import read_recipe
from uncollapse.pipeline.watching.freshness import READY
from uncollapse.pipeline.watching.status import CellStatus
from uncollapse.registry import SLOTS


class Task(NamedTuple):
    """A task: the jobs of one unit. `needs` names the tasks before it; unknown `seconds` are None."""

    name: str
    jobs: list[Job]
    needs: frozenset[str]
    seconds: float | None
    resources: Resources


def select_missing(statuses: Iterable[CellStatus]) -> list[CellStatus]:
    """Return the cells that are not here; what others have made should have been pulled before."""
    return [status for status in statuses if status.condition != READY]


def list_shared_jobs(cell: Cell) -> list[Job]:
    """Return the jobs of a cell that other cells have too: its data set, and an encoder that is pretrained.

    One unit makes them once: on two kinds of processors they would differ in the last digits, and so would
    all that is made from them.
    """
    pretrained = Job.of("pretrain", cell)
    untrained = SLOTS["pretraining"].is_default(read_recipe(pretrained).piece("pretraining"))
    return [Job("prepare", cell.dataset), *([] if untrained else [pretrained])]


def list_reusable_jobs(cell: Cell) -> list[Job]:
    """Return the jobs before training that take time, which units need not make again if they are here."""
    tuned = Job.of("tune", cell)
    return [*list_shared_jobs(cell), *([tuned] if read_recipe(tuned).candidates else [])]


def plan_tasks(statuses: Iterable[CellStatus], resources: Mapping[str, Resources]) -> list[Task]:
    """Return the tasks of the missing cells, the longest first, with the resources of their data sets.

    A cell whose time is unknown comes before all others. The recipes should have been written before.
    """
    made: dict[str, Task] = {}
    for status in select_missing(statuses):
        needs: list[str] = []
        for job in list_shared_jobs(status.cell):
            if job in status.jobs:
                own = made.get(str(job)) or Task(
                    str(job), [job], frozenset(needs), None, resources[status.cell.dataset]
                )
                made[own.name] = own
                needs.append(own.name)
        name = str(status.cell)
        made[name] = Task(
            name, list_jobs(status.cell), frozenset(needs), status.seconds, resources[status.cell.dataset]
        )
    return sorted(made.values(), key=lambda task: (task.seconds is not None, -(task.seconds or 0)))
