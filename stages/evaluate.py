"""Measure a cell: metrics/cells/<cell>/ gets a row of measures a seed, latents and collapse curves, and of
the first seed a t-SNE map, reconstructions and samples."""

import json
from pathlib import Path

from safetensors.torch import load_file, save_file

from uncollapse.assemble import assemble
from uncollapse.data.prepared import read
from uncollapse.device import device, device_name, set_up
from uncollapse.experiment.cells import Cell
from uncollapse.measures.collapse import thresholds
from uncollapse.measures.evaluate import evaluate, trained
from uncollapse.pipeline import outputs
from uncollapse.pipeline.cache import each_seed
from uncollapse.pipeline.outputs import Job, Recipe
from uncollapse.pipeline.pool import Progress
from uncollapse.pipeline.stage import run
from uncollapse.pipeline.tables import last_row, write_table
from uncollapse.vae import VAE
from uncollapse.views.show import show


def main(name: str) -> None:
    """All seeds; then what is to be looked at, of the first."""
    cell, job = Cell(*name.split("-")), Job("evaluate", name)
    recipe = job.recipe
    each_seed(job, lambda seed: [outputs.card(cell.dataset), outputs.weights(cell, seed)], work, rows=1)
    set_up()
    first, data = recipe["seeds"][0], outputs.card(cell.dataset).parent
    show(load(recipe, first), read(data, "test"), data, recipe["evaluation"], first, job.folder)


def load(recipe: Recipe, seed: int) -> VAE:
    """The VAE of a cell as it was trained."""
    cell = Cell(recipe["dataset"], recipe["model"], recipe["method"])
    vae = assemble(recipe, json.loads(outputs.card(cell.dataset).read_text()), seed)
    vae.load_state_dict(load_file(outputs.weights(cell, seed)))
    return vae.to(device(recipe["device"]))


def work(recipe: Recipe, seed: int, folder: Path, progress: Progress) -> None:
    """One seed."""
    cell = Cell(recipe["dataset"], recipe["model"], recipe["method"])
    vae, history = load(recipe, seed), last_row(outputs.history(cell), seed)
    measured = trained(vae, outputs.card(cell.dataset).parent, recipe["evaluation"], history, seed)
    row = evaluate(measured)
    progress(row)
    write_table(folder / outputs.MEASURES, [row])
    kl = measured.q["train"].kl().mean(0).tolist()
    curve = enumerate(zip(thresholds(measured).tolist(), kl, strict=True))
    rows = [{"dimension": i, "eps": eps, "kl": nats} for i, (eps, nats) in curve]
    write_table(folder / outputs.COLLAPSE, rows)
    (folder / outputs.DEVICE).write_text(device_name(next(vae.parameters()).device))
    save_file(measured.q["test"]._asdict(), folder / outputs.LATENTS)


if __name__ == "__main__":
    run(main)
