"""Train a cell: runs/<cell>/ gets weights and histories, which grow in `.work` for `make follow`."""

import uncollapse.pipeline.watching.ctrl_c

from functools import partial
from pathlib import Path

from safetensors.torch import save_file

from uncollapse.compute.device import find_device
from uncollapse.experiment.cells import Cell
from uncollapse.pipeline import outputs
from uncollapse.pipeline.cache import each_seed
from uncollapse.pipeline.checkpoint import Checkpoint
from uncollapse.pipeline.pool import Progress
from uncollapse.pipeline.stage import run
from uncollapse.pipeline.train_cell import fit


def main(name: str) -> None:
    """All seeds."""
    job, cell = outputs.Job("train", name), Cell(*name.split("-"))
    each_seed(job, partial(outputs.training_inputs, cell), work, rows=job.recipe["training"]["epochs"])


def work(recipe: outputs.Recipe, seed: int, folder: Path, progress: Progress) -> None:
    """One seed, from its last checkpoint if there is one."""
    checkpoint = Checkpoint(folder, find_device(recipe["device"]), progress)
    vae = fit(recipe, seed, checkpoint)
    save_file(vae.state_dict(), folder / outputs.WEIGHTS)
    checkpoint.remove()


if __name__ == "__main__":
    run(main)
