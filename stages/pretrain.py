"""Pretrain the encoder of a data set x method on the reserved part.

pretrained/<data set>-<method>/ gets encoder weights, a history and the recipe; only the recipe for a method
without pretraining.
"""

import uncollapse.pipeline.watching.ctrl_c

import json
from pathlib import Path

from uncollapse.experiment.recipe import Recipe
from uncollapse.pipeline.cache import each_seed
from uncollapse.pipeline.cell_files import card_file
from uncollapse.pipeline.job import Job
from uncollapse.pipeline.job_recipe import read_recipe
from uncollapse.pipeline.paths import ENCODER
from uncollapse.pipeline.pool import Progress
from uncollapse.pipeline.stage import run
from uncollapse.registry import SLOTS


def main(name: str) -> None:
    """Pretrain an encoder for each seed."""
    job = Job("pretrain", name)
    recipe = read_recipe(job)
    pretraining = recipe.piece("pretraining")
    if not SLOTS["pretraining"].is_default(pretraining):
        rows = pretraining.get("epochs", 1)
        each_seed(job, lambda seed: [card_file(recipe.dataset, seed)], work, rows)


def work(recipe: Recipe, seed: int, folder: Path, progress: Progress) -> None:
    """Pretrain with one seed, from its last checkpoint if there is one."""
    from safetensors.torch import save_file

    from uncollapse.compute.device import find_device
    from uncollapse.data.files import read_parts
    from uncollapse.errors import UserError
    from uncollapse.pipeline.assemble import assemble
    from uncollapse.pipeline.checkpoint import Checkpoint
    from uncollapse.registry import make_piece
    from uncollapse.training.loop import learn

    card = card_file(recipe.dataset, seed)
    vae = assemble(recipe, json.loads(card.read_text()), seed).to(find_device(recipe.device))
    pretraining = make_piece("methods/pretraining", recipe.piece("pretraining"))
    reserve = read_parts(card.parent, "reserve")
    checkpoint = Checkpoint(folder, find_device(recipe.device), progress)
    try:
        for row, state in pretraining.run(vae, reserve, seed, checkpoint.saved, learn):
            checkpoint.add(row, state)
    except UserError as error:
        raise UserError(f"params.yaml: datasets.{recipe.dataset}: {error}") from None
    save_file(vae.encoder_state(), folder / ENCODER)
    checkpoint.remove()


if __name__ == "__main__":
    run(main)
