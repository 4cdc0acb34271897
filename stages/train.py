"""Train a cell: runs/<cell>/ gets weights and histories, which grow in `.work` for `make follow`."""

import uncollapse.pipeline.interrupted

import json
import math
from functools import partial
from pathlib import Path

from safetensors.torch import load_file, save_file

from uncollapse.assemble import assemble
from uncollapse.data.prepared import read
from uncollapse.device import device
from uncollapse.errors import UserError
from uncollapse.experiment.cells import Cell
from uncollapse.methods import Method
from uncollapse.pipeline import outputs
from uncollapse.pipeline.cache import each_seed
from uncollapse.pipeline.checkpoint import Checkpoint
from uncollapse.pipeline.pool import Progress
from uncollapse.pipeline.stage import run
from uncollapse.pipeline.tables import last_row
from uncollapse.train import train
from uncollapse.training import Training
from uncollapse.work import Work


def main(name: str) -> None:
    """All seeds."""
    job, cell = outputs.Job("train", name), Cell(*name.split("-"))
    each_seed(job, partial(outputs.training_inputs, cell), work, rows=job.recipe["training"]["epochs"])


def work(recipe: outputs.Recipe, seed: int, folder: Path, progress: Progress) -> None:
    """One seed, from its last checkpoint if there is one."""
    cell = Cell(recipe["dataset"], recipe["model"], recipe["method"])
    card, encoder, spent = outputs.card(cell.dataset, seed), outputs.encoder(cell, seed), Work()
    vae = assemble(recipe, json.loads(card.read_text()), seed).to(device(recipe["device"]))
    parts = ["train", "reserve"]
    if encoder.exists():  # it was trained on the reserve
        parts = ["train"]
        vae.load_encoder(load_file(encoder))
        spent = Work.of(last_row(encoder.with_name(outputs.HISTORY), seed))
    data, valid = (read(card.parent, *names) for names in (parts, ["valid"]))
    checkpoint = Checkpoint(folder, device(recipe["device"]), progress)
    method, training = Method.build(recipe), Training(**recipe["training"])
    for row, state in train(vae, data, valid, method, training, seed, work=spent, saved=checkpoint.saved):
        if not all(map(math.isfinite, row.values())):
            where, key = f"{cell}, seed {seed}, epoch {row['epoch']}", f"datasets.{cell.dataset}.training"
            rate = f"params.yaml: {key}.learning_rate is {training.learning_rate}"
            raise UserError(f"{where}: training diverged; {rate}, try a smaller one", diverged=state.epoch)
        checkpoint.add(row, state.state_dict())
    save_file(vae.state_dict(), folder / outputs.WEIGHTS)
    checkpoint.remove()


if __name__ == "__main__":
    run(main)
