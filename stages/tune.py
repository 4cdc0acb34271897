"""Choose the arguments of a tuned cell by validation data, on seeds that the comparison does not have.

tuned/<cell>/ gets tuning.csv, a row for each training of a candidate or of the control, the choice in
chosen.json, and the recipe; only the recipe for a cell that is not tuned.
"""

import uncollapse.pipeline.watching.ctrl_c

import json
from functools import partial
from pathlib import Path

from uncollapse.errors import UserError
from uncollapse.experiment.cells import Cell
from uncollapse.experiment.tuning import CONTROL, choose_candidate, label, lay
from uncollapse.files import write_whole
from uncollapse.pipeline import outputs
from uncollapse.pipeline.cache import each_seed
from uncollapse.pipeline.outputs import Job, Recipe
from uncollapse.pipeline.pool import Progress
from uncollapse.pipeline.stage import run
from uncollapse.tables import read_table, write_table


def main(name: str) -> None:
    """All tuning seeds, and then the choice."""
    job = Job("tune", name)
    recipe, chosen = job.recipe, job.folder / outputs.CHOSEN
    job.folder.mkdir(parents=True, exist_ok=True)
    chosen.unlink(missing_ok=True)
    if not recipe["candidates"]:
        return
    rows = recipe["training"]["epochs"] * (1 + len(recipe["candidates"]))
    each_seed(job, partial(outputs.training_inputs, Cell(*name.split("-"))), work, rows)
    try:
        choice = choose_candidate(recipe["candidates"], read_table(job.folder / outputs.TUNING))
    except UserError as error:
        raise UserError(f"params.yaml: tune of {name}: {error}") from None
    write_whole(chosen, json.dumps(choice, indent=2) + "\n")
    print(f"tune {name}: {label(choice['values'])}, {choice['rule']}; {choice['trainings']} trainings")


def work(recipe: Recipe, seed: int, folder: Path, progress: Progress) -> None:
    """One seed: the control and all candidates, one after the other."""
    from uncollapse.pipeline.train_cell import trial

    trials = {CONTROL: {**recipe, **recipe["control"]}}
    trials |= {label(values): lay(recipe, values) for values in recipe["candidates"]}
    rows = []
    for number, (name, settings) in enumerate(trials.items()):
        rows.append({"candidate": name, **trial(settings, seed, folder / str(number), progress)})
    write_table(folder / outputs.TUNING, rows)


if __name__ == "__main__":
    run(main)
