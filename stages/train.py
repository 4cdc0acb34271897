"""Train a cell: runs/<cell>/ gets weights and histories, which grow in `.work` for `make follow`."""

import uncollapse.pipeline.watching.ctrl_c

from pathlib import Path

from safetensors.torch import save_file

from uncollapse.compute.device import find_device
from uncollapse.experiment.cells import Cell
from uncollapse.experiment.recipe import Recipe
from uncollapse.pipeline.cache import each_seed
from uncollapse.pipeline.cell_files import CellFiles
from uncollapse.pipeline.checkpoint import Checkpoint
from uncollapse.pipeline.job import Job
from uncollapse.pipeline.job_recipe import read_recipe
from uncollapse.pipeline.paths import WEIGHTS
from uncollapse.pipeline.pool import Progress
from uncollapse.pipeline.stage import run
from uncollapse.pipeline.train_cell import train_cell


def main(name: str) -> None:
    """Train all seeds."""
    job = Job("train", name)
    inputs = CellFiles(Cell.parse(name)).training_inputs
    each_seed(job, inputs, work, rows=read_recipe(job).training["epochs"])


def work(recipe: Recipe, seed: int, folder: Path, progress: Progress) -> None:
    """Train one seed, from its last checkpoint if there is one."""
    checkpoint = Checkpoint(folder, find_device(recipe.device), progress)
    vae = train_cell(recipe, seed, checkpoint)
    save_file(vae.state_dict(), folder / WEIGHTS)
    checkpoint.remove()


if __name__ == "__main__":
    run(main)
