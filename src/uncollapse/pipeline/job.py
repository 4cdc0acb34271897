"""A job: a stage for one name, as DVC runs it, and where it reads and writes."""

import re
from pathlib import Path
from typing import NamedTuple

from uncollapse.experiment.cells import Cell
from uncollapse.experiment.stages import STAGES
from uncollapse.pipeline.paths import FAILED, RECIPE, WORK, recipe_file


class Job(NamedTuple):
    """A stage for one name: train@mnist5k-vae-skip. A stage of the whole grid has an empty name.

    The folder that a job writes holds a copy of the recipe that it was made from.
    """

    stage: str
    name: str

    @classmethod
    def of(cls, stage: str, cell: Cell) -> "Job":
        """Return the job of a stage that makes a cell, or makes what the cell is made from."""
        return cls(stage, STAGES[stage].name_job(cell))

    @classmethod
    def parse(cls, text: str) -> "Job":
        """Return the job of a text such as train@mnist5k-vae-skip, or train/mnist5k-vae-skip."""
        stage, name = re.split("[@/]", text, maxsplit=1)
        return cls(stage, name)

    def __str__(self) -> str:
        return f"{self.stage}@{self.name}"

    @property
    def names(self) -> dict[str, str]:
        """The names of the data set, the model and the method, as far as the stage has one job for each."""
        return dict(zip(STAGES[self.stage].axes, self.name.split("-"), strict=True))

    @property
    def recipe_file(self) -> Path:
        """The file to which the stage `recipes` writes all that determines this job's output."""
        return recipe_file(f"{self.stage}/{self.name}")

    @property
    def folder(self) -> Path:
        """The output, which DVC keeps."""
        return STAGES[self.stage].folder / self.name

    @property
    def made_from(self) -> Path:
        """The copy of the recipe that the output was made from."""
        return self.folder / RECIPE

    @property
    def cache(self) -> Path:
        """The folder of what seeds have made so far."""
        return WORK / self.stage / self.name

    def seed_folder(self, seed: int, key: str) -> Path:
        """Return where a seed works; `key` is a digest of all that determines its result."""
        return self.cache / f"{seed}-{key}"

    @property
    def failure(self) -> Path:
        """The file with the line with which the last run of this job ended, if it failed."""
        return FAILED / f"{'-'.join(filter(None, self))}.txt"


def list_jobs(cell: Cell) -> list[Job]:
    """Return the jobs that make a cell, in order."""
    return [Job.of(stage, cell) for stage in STAGES]
