"""The paths of the pipeline. Only `part_files` and `published` spell others; dvc.yaml repeats them.

A `Job` is a stage for one name, as DVC runs it: train@mnist5k-vae-skip. The folder that it writes holds a
copy of the recipe that it was made from, `recipe.json`. All paths are relative to the folder of the project.
Whether an output is current is asked of `uncollapse.pipeline.watching.freshness`.
"""

import json
from pathlib import Path
from typing import Any, NamedTuple

from uncollapse.data.files import CARD, locate_split
from uncollapse.experiment.cells import Cell
from uncollapse.experiment.tuning import lay
from uncollapse.files import write_whole
from uncollapse.tables import read_table

Recipe = dict[str, Any]

# what a person writes, and what DVC keeps of a run
PARAMS, PIPELINE, LOCK = Path("params.yaml"), Path("dvc.yaml"), Path("dvc.lock")

# the folders that stages write; WORK is outside of DVC
RECIPES, METRICS, REPORT, WORK = Path("recipes"), Path("metrics"), Path("report"), Path(".work")
CELLS = METRICS / "cells"
FOLDERS = {"prepare": Path("data"), "pretrain": Path("pretrained"), "tune": Path("tuned")}
FOLDERS |= {"train": Path("runs"), "evaluate": CELLS}
SECONDS = WORK / "seconds.csv"  # how long jobs took
MLFLOW = Path("mlflow.db")

# files in these folders; what is made for each seed stands there with the seed, see `per_seed`
RECIPE = "recipe.json"
STARTED, DONE = "started", "done"  # in a seed's folder: since when it was worked on, and that it is complete
# in the folder of a job's seeds: what the output was gathered from last; a lock of whoever works on the job
DELIVERED, TAKEN = "delivered.json", "lock"
HISTORY, CHECKPOINT = "history.csv", "checkpoint.pt"
TUNING, CHOSEN, TRIAL = "tuning.csv", "chosen.json", "trial.json"
CHOOSES = {"train": "tune", "evaluate": "train"}  # in whose output these stages find what was chosen
DIVERGED = "diverged.csv"  # of a seed whose training did: the epoch, and a line that says so; no weights
ENCODER, WEIGHTS = "encoder.safetensors", "weights.safetensors"
MEASURES, COLLAPSE, DEVICE = "measures.csv", "collapse.csv", "device.txt"
LATENTS, EXAMPLES = "latents.safetensors", "examples.safetensors"
TSNE, TSNE_MAP, SENTENCES, LINES = "tsne.csv", "tsne.png", "sentences.csv", "lines.csv"
RECONSTRUCTIONS, SAMPLES = "reconstructions.png", "samples.png"


def recipe_file(name: str) -> Path:
    """Where the stage `recipes` writes a recipe: train/<cell>, report, ...; `grid` lists the cells."""
    return RECIPES / f"{name}.json"


def grid() -> Recipe:
    """What the stage `recipes` says of the grid: its cells, its seeds, settings, and what is compared."""
    listed = json.loads(recipe_file("grid").read_text())
    return {**listed, "cells": [Cell(*names) for names in listed["cells"]]}


class Job(NamedTuple):
    """A stage for one name: a data set (prepare), data set-method (pretrain) or a cell (the others)."""

    stage: str
    name: str

    def __str__(self) -> str:
        return f"{self.stage}@{self.name}"

    @property
    def recipe_file(self) -> Path:
        """Where the stage `recipes` writes all that determines this job's output."""
        return recipe_file(f"{self.stage}/{self.name}")

    @property
    def recipe(self) -> Recipe:
        """The recipe that the stage `recipes` wrote, with what was chosen in it where the cell is tuned; for
        `evaluate` without the seeds that diverged."""
        recipe = json.loads(self.recipe_file.read_text())
        if self.stage in CHOOSES:
            recipe = lay(recipe, choice(Job(CHOOSES[self.stage], self.name))["values"])
        gone = diverged(Cell(*self.name.split("-"))) if self.stage == "evaluate" else {}
        return {**recipe, "seeds": [seed for seed in recipe["seeds"] if seed not in gone]} if gone else recipe

    @property
    def folder(self) -> Path:
        """The output, which DVC keeps."""
        return FOLDERS[self.stage] / self.name

    @property
    def made_from(self) -> Path:
        """The copy of the recipe that the output was made from."""
        return self.folder / RECIPE

    def copy_recipe(self) -> None:
        """Put the recipe into the output, as what it was made from; into that of `train` the choice, too."""
        if self.stage == "train":
            (self.folder / CHOSEN).unlink(missing_ok=True)
            if (chosen := Job("tune", self.name).folder / CHOSEN).exists():
                write_whole(self.folder / CHOSEN, chosen.read_text())
        write_whole(self.made_from, self.recipe_file.read_text())

    @property
    def cache(self) -> Path:
        """The folder of what seeds have made so far."""
        return WORK / self.stage / self.name

    def seed_folder(self, seed: int, key: str) -> Path:
        """Where a seed works; `key` is a digest of all that determines its result."""
        return self.cache / f"{seed}-{key}"

    @property
    def failure(self) -> Path:
        """The line with which the last run of this job ended, if it failed."""
        return WORK / "failed" / f"{'-'.join(filter(None, self))}.txt"


def jobs(cell: Cell) -> list[Job]:
    """The jobs that make a cell, in order."""
    return [Job("prepare", cell.dataset), pretraining(cell), tuning(cell), training(cell), evaluation(cell)]


def pretraining(cell: Cell) -> Job:
    """The job that pretrains a cell's encoder, for all models."""
    return Job("pretrain", f"{cell.dataset}-{cell.method}")


def tuning(cell: Cell) -> Job:
    """The job that chooses a cell's arguments, if it is tuned."""
    return Job("tune", str(cell))


def training(cell: Cell) -> Job:
    """The job that trains a cell."""
    return Job("train", str(cell))


def evaluation(cell: Cell) -> Job:
    """The job that measures a cell."""
    return Job("evaluate", str(cell))


def choice(job: Job) -> dict[str, Any]:
    """What was chosen for a tuned cell, see `tuning.choose`, in the output of its job tune or train; no
    `values` for another."""
    file = job.folder / CHOSEN
    return json.loads(file.read_text()) if file.exists() else {"values": {}}


def per_seed(file: str, seed: int | str) -> str:
    """The name of one seed's file in an output: weights-0.safetensors for weights.safetensors."""
    stem, dot, ending = file.partition(".")
    return f"{stem}-{seed}{dot}{ending}"


def prepared(dataset: str, seed: int) -> Path:
    """The folder of a seed's split of a data set; one with an official split has the same for all."""
    return locate_split(Job("prepare", dataset).folder, seed)


def card(dataset: str, seed: int) -> Path:
    """What a prepared data set is."""
    return prepared(dataset, seed) / CARD


def encoder(cell: Cell, seed: int) -> Path:
    """The pretrained encoder weights of a seed; there is no such file for a method without pretraining."""
    return pretraining(cell).folder / per_seed(ENCODER, seed)


def training_inputs(cell: Cell, seed: int) -> list[Path]:
    """The files that a seed learns from: the card, with digests of the data, and its encoder if any."""
    start = encoder(cell, seed)
    return [card(cell.dataset, seed), *([start] if start.exists() else [])]


def measuring_inputs(cell: Cell, seed: int) -> list[Path]:
    """The files that a seed is measured from."""
    return [card(cell.dataset, seed), weights(cell, seed)]


def weights(cell: Cell, seed: int) -> Path:
    """The trained weights of a seed."""
    return training(cell).folder / per_seed(WEIGHTS, seed)


def diverged(cell: Cell) -> dict[int, int]:
    """The seeds of a cell whose training diverged, each with the epoch."""
    rows = read_table(file) if (file := training(cell).folder / DIVERGED).exists() else []
    return {int(row["seed"]): int(row["epoch"]) for row in rows}


def history(cell: Cell) -> Path:
    """The rows (seed, epoch) of training."""
    return training(cell).folder / HISTORY


def measures(cell: Cell) -> Path:
    """The rows (seed) of measures."""
    return evaluation(cell).folder / MEASURES
