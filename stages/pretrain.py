"""Pretrain the encoder of a data set x method on the reserved part: pretrained/<data set>-<method>/ gets encoder weights and a
history; there is nothing but a file `none` for a method without pretraining."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from uncollapse.pipeline.cache import each_seed
from uncollapse.pipeline.outputs import Job, Recipe
from uncollapse.pipeline.stage import run
from uncollapse.pipeline.tables import write_table


def main(name: str) -> None:
    """All seeds."""
    job = Job("pretrain", name)
    recipe = job.recipe
    if (
        recipe["pretraining"]["use"] == "none"
    ):  # asked of the recipe: to ask the piece takes seconds of imports
        job.folder.mkdir(parents=True, exist_ok=True)
        job.made_from.write_text(job.recipe_file.read_text())
    else:
        card = Path("data") / recipe["dataset"] / "card.json"
        each_seed(job, lambda seed: [card], work, recipe["pretraining"]["epochs"])


def work(recipe: Recipe, seed: int, folder: Path, tell: Callable[[dict[str, Any]], None]) -> None:
    """One seed."""
    from safetensors.torch import save_file

    from uncollapse.assemble import assemble
    from uncollapse.data.prepared import read
    from uncollapse.device import device
    from uncollapse.errors import UserError
    from uncollapse.registry import build

    data = Path("data") / recipe["dataset"]
    vae = assemble(recipe, json.loads((data / "card.json").read_text()), seed).to(device(recipe["device"]))
    rows = []
    try:
        for row in build("methods/pretraining", recipe["pretraining"]).run(vae, read(data, "reserve"), seed):
            rows.append(row)
            tell(row)
    except UserError as error:
        raise UserError(f"params.yaml: datasets.{recipe['dataset']}: {error}") from None
    write_table(folder / "history.csv", rows)
    save_file(vae.encoder_state(), folder / "encoder.safetensors")


if __name__ == "__main__":
    run(main)
