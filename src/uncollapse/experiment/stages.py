"""The table of stages that run once for each name: a data set, a data set and a method, or a cell.

The stages of the whole grid (recipes, calibrate, report, track) stand in dvc.yaml alone. A test checks
dvc.yaml against this table.
"""

from pathlib import Path
from typing import NamedTuple

from uncollapse.experiment.cells import Cell


class Stage(NamedTuple):
    """A stage of dvc.yaml, of which DVC runs one job for each name.

    folder    of the outputs; each job has its own folder in it
    axes      what the name of a job is made of
    settings  what a recipe holds beside the pieces of the slots that name the stage
    reads     the stages whose outputs a job reads
    """

    name: str
    folder: Path
    axes: tuple[str, ...]
    settings: tuple[str, ...]
    reads: tuple[str, ...]

    def name_job(self, cell: Cell) -> str:
        """Return the name of the job that makes a cell, or makes what the cell is made from."""
        return "-".join(getattr(cell, axis) for axis in self.axes)


STAGES = {
    stage.name: stage
    for stage in (
        Stage("prepare", Path("data"), ("dataset",), ("split",), ()),
        Stage("pretrain", Path("pretrained"), ("dataset", "method"), (), ("prepare",)),
        Stage("tune", Path("tuned"), Cell._fields, ("training", "evaluation"), ("prepare", "pretrain")),
        Stage("train", Path("runs"), Cell._fields, ("training",), ("prepare", "pretrain", "tune")),
        Stage("evaluate", Path("metrics/cells"), Cell._fields, ("evaluation",), ("prepare", "train")),
    )
}
