"""Choose the arguments of a tuned cell by validation data, on seeds that the comparison does not have.

tuned/<cell>/ gets tuning.csv, a row for each training of a candidate or of the control, the choice in
chosen.json, and the recipe; only the recipe for a cell that is not tuned.
"""

import uncollapse.pipeline.watching.ctrl_c

import json
from pathlib import Path

from uncollapse.errors import UserError
from uncollapse.experiment.cells import Cell
from uncollapse.experiment.recipe import Recipe
from uncollapse.experiment.tuning import CONTROL, choose_candidate, label_values
from uncollapse.files import write_whole
from uncollapse.pipeline.cache import each_seed
from uncollapse.pipeline.cell_files import CellFiles
from uncollapse.pipeline.job import Job
from uncollapse.pipeline.job_recipe import read_recipe
from uncollapse.pipeline.paths import CHOSEN, TUNING
from uncollapse.pipeline.pool import Progress
from uncollapse.pipeline.stage import run
from uncollapse.tables import read_table, write_table


def main(name: str) -> None:
    """Try all candidates on all tuning seeds, and then choose."""
    job = Job("tune", name)
    recipe, chosen = read_recipe(job), job.folder / CHOSEN
    chosen.unlink(missing_ok=True)
    if not recipe.candidates:
        return
    rows = recipe.training["epochs"] * (1 + len(recipe.candidates))
    each_seed(job, CellFiles(Cell.parse(name)).training_inputs, work, rows)
    try:
        choice = choose_candidate(recipe.candidates, read_table(job.folder / TUNING))
    except UserError as error:
        raise UserError(f"params.yaml: tune of {name}: {error}") from None
    write_whole(chosen, json.dumps(choice, indent=2) + "\n")
    print(f"tune {name}: {label_values(choice['values'])}, {choice['rule']}; {choice['trainings']} trainings")


def work(recipe: Recipe, seed: int, folder: Path, progress: Progress) -> None:
    """Train the control and all candidates with one seed, one after the other."""
    from uncollapse.pipeline.train_cell import try_candidate

    trials = {CONTROL: recipe.with_control()}
    trials |= {label_values(values): recipe.with_values(values) for values in recipe.candidates}
    rows = []
    for number, (name, settings) in enumerate(trials.items()):
        rows.append({"candidate": name, **try_candidate(settings, seed, folder / str(number), progress)})
    write_table(folder / TUNING, rows)


if __name__ == "__main__":
    run(main)
