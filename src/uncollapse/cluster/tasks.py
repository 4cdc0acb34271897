"""What is to be made for the grid, as tasks: one for each cell, and before them what several cells share."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from uncollapse.experiment.cells import Cell
from uncollapse.experiment.schema import Resources
from uncollapse.pipeline.outputs import Job, jobs, pretraining, tuning
from uncollapse.pipeline.watching.freshness import READY
from uncollapse.pipeline.watching.status import CellStatus
from uncollapse.registry import SLOTS


class Task(NamedTuple):
    """Jobs for one unit; `needs` names the tasks that come before, `seconds` is None if nobody knows."""

    name: str
    jobs: list[Job]
    needs: frozenset[str]
    seconds: float | None
    resources: Resources


def to_make(statuses: Iterable[CellStatus]) -> list[CellStatus]:
    """The cells that do not lie here; what others have made should have been pulled."""
    return [status for status in statuses if status.condition != READY]


def shared(cell: Cell) -> list[Job]:
    """The jobs of a cell that other cells have too: its data set, and its encoder if it is pretrained.

    They are made once, by one unit: on two kinds of processors they would differ in the last digits, and
    with them all that is made from them.
    """
    pretrained = pretraining(cell)
    untrained = SLOTS["pretraining"].is_default(pretrained.recipe["pretraining"])
    return [Job("prepare", cell.dataset), *([] if untrained else [pretrained])]


def reusable(cell: Cell) -> list[Job]:
    """The jobs before training that take any time: units need not make again what is here."""
    tuned = tuning(cell)
    return [*shared(cell), *([tuned] if tuned.recipe["candidates"] else [])]


def tasks(statuses: Iterable[CellStatus], resources: Mapping[str, Resources]) -> list[Task]:
    """The tasks of the cells that are to be made, the longest first, by the resources of their data sets.

    A cell whose time nobody knows comes before all others. The recipes should have been written.
    """
    made: dict[str, Task] = {}
    for status in to_make(statuses):
        needs: list[str] = []
        for job in shared(status.cell):
            if job in status.jobs:
                own = made.get(str(job)) or Task(
                    str(job), [job], frozenset(needs), None, resources[status.cell.dataset]
                )
                made[own.name] = own
                needs.append(own.name)
        name = str(status.cell)
        made[name] = Task(
            name, jobs(status.cell), frozenset(needs), status.seconds, resources[status.cell.dataset]
        )
    return sorted(made.values(), key=lambda task: (task.seconds is not None, -(task.seconds or 0)))
