"""What was chosen for each tuned cell, and what the choice took."""

from typing import NamedTuple

from uncollapse.experiment.cells import Cell
from uncollapse.experiment.tuning import label
from uncollapse.pipeline.job import Job
from uncollapse.pipeline.job_recipe import read_choice
from uncollapse.results.gather import Results


class Tuned(NamedTuple):
    """The values that were chosen, as text, and by which rule; the number of trainings that it took, their
    work (GFLOP), and this as a multiple of the work of one run of the cell."""

    values: str
    rule: str
    trainings: int
    gflops: float
    cost: float

    def __str__(self) -> str:
        return f"tuned: {self.values}, in {self.trainings} trainings, {self.cost:.2g} times the work of a run"


def tuned_cells(results: Results) -> dict[Cell, Tuned]:
    """Those of the tuned cells that have results."""
    tuned, own = {}, results.means.set_index(list(Cell._fields))["gflops"]
    for cell in results.present:
        chosen = read_choice(Job.of("train", cell))
        if chosen["values"]:
            work = chosen["gflops"]
            numbers = chosen["rule"], chosen["trainings"], work, work / own[tuple(cell)]
            tuned[cell] = Tuned(label(chosen["values"]), *numbers)
    return tuned
