"""What a job works from: its recipe, with what earlier stages have decided about the cell.

For a tuned cell `tune` has chosen values, which count in all later stages. A seed whose training diverged is
not measured.
"""

import json
from typing import Any

from uncollapse.experiment.cells import Cell
from uncollapse.experiment.recipe import Recipe
from uncollapse.files import write_whole
from uncollapse.pipeline.cell_files import CellFiles
from uncollapse.pipeline.job import Job
from uncollapse.pipeline.paths import CHOSEN, recipe_file

CHOOSERS = {"train": "tune", "evaluate": "train"}  # In the output of these stages lies what was chosen.


def read_grid() -> dict[str, Any]:
    """Return what the stage `recipes` says of the grid: its cells, seeds, settings, and what is compared."""
    listed = json.loads(recipe_file("grid").read_text())
    return {**listed, "cells": [Cell(*names) for names in listed["cells"]]}


def read_recipe(job: Job) -> Recipe:
    """Return the recipe of a job, with what was chosen for a tuned cell, and without seeds that diverged."""
    recipe = Recipe(json.loads(job.recipe_file.read_text()))
    if job.stage in CHOOSERS:
        recipe = recipe.with_values(read_choice(Job(CHOOSERS[job.stage], job.name))["values"])
    if job.stage == "evaluate":
        recipe = recipe.without_seeds(CellFiles(Cell.parse(job.name)).read_diverged())
    return recipe


def read_choice(job: Job) -> dict[str, Any]:
    """Return what was chosen for a tuned cell, from the output of its job `tune` or `train`.

    See `tuning.choose_candidate`. A cell that is not tuned has no `values`.
    """
    file = job.folder / CHOSEN
    return json.loads(file.read_text()) if file.exists() else {"values": {}}


def copy_recipe(job: Job) -> None:
    """Put the recipe into a job's output, as what it was made from; into that of `train` the choice, too."""
    if job.stage == "train":
        (job.folder / CHOSEN).unlink(missing_ok=True)
        chosen = Job("tune", job.name).folder / CHOSEN
        if chosen.exists():
            write_whole(job.folder / CHOSEN, chosen.read_text())
    write_whole(job.made_from, job.recipe_file.read_text())
