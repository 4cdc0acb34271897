"""Measure a cell: metrics/cells/<cell>/ gets a row of measures a seed, latents and collapse curves, and of
the first seed a t-SNE map, reconstructions and samples."""

import uncollapse.pipeline.watching.ctrl_c

from functools import partial
from pathlib import Path

from safetensors.torch import save_file

from uncollapse.compute.device import find_device, name_device
from uncollapse.data.files import read_parts
from uncollapse.experiment.cells import Cell
from uncollapse.measures.evaluate import encode_parts, evaluate_run, measure_dimensions, measure_examples
from uncollapse.pipeline import outputs
from uncollapse.pipeline.assemble import restore
from uncollapse.pipeline.cache import each_seed
from uncollapse.pipeline.examples import show
from uncollapse.pipeline.outputs import Job, Recipe
from uncollapse.pipeline.pool import Progress, beside
from uncollapse.pipeline.stage import run
from uncollapse.tables import last_row, write_table


def main(name: str) -> None:
    """All seeds, and beside them what is to be looked at, of the first."""
    cell, job = Cell(*name.split("-")), Job("evaluate", name)
    recipe = job.recipe
    first = recipe["seeds"][0]
    card = outputs.card(cell.dataset, first)

    def shown() -> None:
        vae = restore(recipe, card, outputs.weights(cell, first)).to(find_device(recipe["device"]))
        show(vae, read_parts(card.parent, "test"), card.parent, recipe["evaluation"], first, job.folder)

    job.folder.mkdir(parents=True, exist_ok=True)
    with beside(f"{job.stage} {name}", shown):
        each_seed(job, partial(outputs.measuring_inputs, cell), work, rows=1)


def work(recipe: Recipe, seed: int, folder: Path, progress: Progress) -> None:
    """One seed."""
    cell = Cell(recipe["dataset"], recipe["model"], recipe["method"])
    card, history = outputs.card(cell.dataset, seed), last_row(outputs.history(cell), seed)
    vae = restore(recipe, card, outputs.weights(cell, seed)).to(find_device(recipe["device"]))
    model = encode_parts(vae, card.parent, recipe["evaluation"], history, seed)
    row = evaluate_run(model)
    progress(row)
    write_table(folder / outputs.MEASURES, [row])
    write_table(folder / outputs.COLLAPSE, measure_dimensions(model))
    (folder / outputs.DEVICE).write_text(name_device(next(vae.parameters()).device))
    save_file(model.q["test"]._asdict(), folder / outputs.LATENTS)
    save_file(measure_examples(model), folder / outputs.EXAMPLES)


if __name__ == "__main__":
    run(main)
