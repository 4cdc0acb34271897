"""The values that were chosen for each tuned cell, and the work that the choice took."""

from typing import NamedTuple

from uncollapse.experiment.cells import Cell
from uncollapse.experiment.tuning import label_values
from uncollapse.pipeline.job import Job
from uncollapse.pipeline.job_recipe import read_choice
from uncollapse.results.gather import Results
from uncollapse.results.roles import WORK_DONE


class Tuned(NamedTuple):
    """The choice for a tuned cell.

    values     what was chosen, as text
    rule       the rule that chose it
    trainings  how many trainings the choice took
    gflops     their work
    cost       their work as a multiple of that of one run of the cell
    """

    values: str
    rule: str
    trainings: int
    gflops: float
    cost: float

    def __str__(self) -> str:
        return f"tuned: {self.values}, in {self.trainings} trainings, {self.cost:.2g} times the work of a run"


def read_tuned(results: Results) -> dict[Cell, Tuned]:
    """Read the choices for those tuned cells that have results."""
    tuned, own = {}, results.means.set_index(list(Cell._fields))[WORK_DONE]
    for cell in results.present:
        chosen = read_choice(Job.of("train", cell))
        if chosen["values"]:
            work = chosen["gflops"]
            numbers = chosen["rule"], chosen["trainings"], work, work / own[tuple(cell)]
            tuned[cell] = Tuned(label_values(chosen["values"]), *numbers)
    return tuned
