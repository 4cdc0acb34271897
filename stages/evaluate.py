"""Measure a cell: metrics/cells/<cell>/ gets measures, latents and collapse curves, and samples."""

import uncollapse.pipeline.watching.ctrl_c

from pathlib import Path

from safetensors.torch import save_file

from uncollapse.compute.device import find_device, name_device
from uncollapse.data.files import read_parts
from uncollapse.experiment.cells import Cell
from uncollapse.experiment.recipe import Recipe
from uncollapse.measures.evaluate import encode_parts, evaluate_run, measure_dimensions, measure_examples
from uncollapse.pipeline.assemble import restore
from uncollapse.pipeline.cache import each_seed
from uncollapse.pipeline.cell_files import CellFiles
from uncollapse.pipeline.examples import write_examples
from uncollapse.pipeline.job import Job
from uncollapse.pipeline.job_recipe import read_recipe
from uncollapse.pipeline.paths import COLLAPSE, DEVICE, EXAMPLES, LATENTS, MEASURES
from uncollapse.pipeline.pool import Progress, beside
from uncollapse.pipeline.stage import run
from uncollapse.tables import last_row, write_table


def main(name: str) -> None:
    """Measure all seeds, and beside them write the examples of the first seed to look at."""
    job, files = Job("evaluate", name), CellFiles(Cell.parse(name))
    recipe = read_recipe(job)
    first = recipe.seeds[0]
    data = files.card(first).parent

    def write_examples_of_first() -> None:
        vae = restore(recipe, files.card(first), files.weights(first)).to(find_device(recipe.device))
        write_examples(vae, read_parts(data, "test"), data, recipe.evaluation, first, job.folder)

    job.folder.mkdir(parents=True, exist_ok=True)
    with beside(f"{job.stage} {name}", write_examples_of_first):
        each_seed(job, files.measuring_inputs, work, rows=1)


def work(recipe: Recipe, seed: int, folder: Path, progress: Progress) -> None:
    """Measure one seed."""
    files = CellFiles(recipe.cell)
    card, history = files.card(seed), last_row(files.history, seed)
    vae = restore(recipe, card, files.weights(seed)).to(find_device(recipe.device))
    model = encode_parts(vae, card.parent, recipe.evaluation, history, seed)
    row = evaluate_run(model)
    progress(row)
    write_table(folder / MEASURES, [row])
    write_table(folder / COLLAPSE, measure_dimensions(model))
    (folder / DEVICE).write_text(name_device(next(vae.parameters()).device))
    save_file(model.q["test"]._asdict(), folder / LATENTS)
    save_file(measure_examples(model), folder / EXAMPLES)


if __name__ == "__main__":
    run(main)
