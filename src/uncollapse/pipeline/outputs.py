"""Every path that a stage writes, and whether what lies there is current. No other module names a path of the pipeline.

A `Job` is a stage for one name, as DVC runs it: train@mnist5k-vae-skip. Its output folder holds a copy of the recipe that it was made from
(`recipe.json`). An output is current if that copy is the recipe that params.yaml and the code give now, and so are all outputs it was made from.
"""

import json
from pathlib import Path
from typing import Any, NamedTuple

from uncollapse.experiment.cells import Cell

Recipe = dict[str, Any]

RECIPES, METRICS, REPORT, WORK = Path("recipes"), Path("metrics"), Path("report"), Path(".work")
FOLDERS = {
    "prepare": Path("data"),
    "pretrain": Path("pretrained"),
    "train": Path("runs"),
    "evaluate": METRICS / "cells",
}
GRID = RECIPES / "grid.json"  # cells, seeds, evaluation and roles
CALIBRATION = METRICS / "calibration.csv"
SECONDS = WORK / "seconds.csv"  # what stages took


class Job(NamedTuple):
    """A stage for one name: a data set (prepare), data set-method (pretrain) or a cell (train, evaluate)."""

    stage: str
    name: str

    @property
    def recipe_file(self) -> Path:
        """Where the stage `recipes` writes all that determines this job's output."""
        return RECIPES / self.stage / f"{self.name}.json"

    @property
    def recipe(self) -> Recipe:
        """The recipe that the stage `recipes` wrote."""
        return json.loads(self.recipe_file.read_text())

    @property
    def folder(self) -> Path:
        """The output, which DVC keeps."""
        return FOLDERS[self.stage] / self.name

    @property
    def made_from(self) -> Path:
        """The recipe that the output was made from."""
        return self.folder / "recipe.json"

    @property
    def cache(self) -> Path:
        """What seeds have made so far, outside of DVC's outputs."""
        return WORK / self.stage / self.name

    @property
    def failure(self) -> Path:
        """The line with which the last run of this job ended, if it failed."""
        return WORK / "failed" / f"{self.stage}-{self.name}.txt"

    @property
    def current(self) -> bool:
        """Whether the output was made from the recipe as it is now."""
        return (
            self.made_from.exists()
            and self.recipe_file.exists()
            and self.made_from.read_text() == self.recipe_file.read_text()
        )


def jobs(cell: Cell) -> list[Job]:
    """The jobs that make a cell, in order."""
    return [Job("prepare", cell.dataset), pretraining(cell), training(cell), evaluation(cell)]


def pretraining(cell: Cell) -> Job:
    """The job that pretrains a cell's encoder, for all models."""
    return Job("pretrain", f"{cell.dataset}-{cell.method}")


def training(cell: Cell) -> Job:
    """The job that trains a cell."""
    return Job("train", str(cell))


def evaluation(cell: Cell) -> Job:
    """The job that measures a cell."""
    return Job("evaluate", str(cell))


def current(cell: Cell) -> bool:
    """Whether a cell was trained and measured with the recipes as they are now."""
    return all(job.current for job in jobs(cell))


def card(dataset: str) -> Path:
    """What a prepared data set is."""
    return FOLDERS["prepare"] / dataset / "card.json"


def per_seed(file: str, seed: int) -> str:
    """The name under which a file that one seed has made stands in an output: weights.safetensors is weights-0.safetensors."""
    stem, dot, ending = file.partition(".")
    return f"{stem}-{seed}{dot}{ending}"


def encoder(cell: Cell, seed: int) -> Path:
    """The pretrained encoder weights of a seed; there is no such file for a method without pretraining."""
    return pretraining(cell).folder / per_seed("encoder.safetensors", seed)


def weights(cell: Cell, seed: int) -> Path:
    """The trained weights of a seed."""
    return training(cell).folder / per_seed("weights.safetensors", seed)


def history(cell: Cell) -> Path:
    """The rows (seed, epoch) of training."""
    return training(cell).folder / "history.csv"


def measures(cell: Cell) -> Path:
    """The rows (seed) of measures."""
    return evaluation(cell).folder / "measures.csv"
