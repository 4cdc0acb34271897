"""Train a cell: runs/<cell>/ gets the weights of every seed and the history. The history of each seed grows in `.work` while it is trained:
who follows it reads that file, and training waits for nobody."""

import json
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from uncollapse.assemble import assemble
from uncollapse.data.prepared import read
from uncollapse.device import device
from uncollapse.errors import UserError
from uncollapse.pipeline.cache import each_seed
from uncollapse.pipeline.outputs import Job, Recipe
from uncollapse.pipeline.stage import run
from uncollapse.pipeline.tables import append_row, last_row, write_table
from uncollapse.registry import build
from uncollapse.train import train

SECONDS = 5.0  # between checkpoints


def pretrained(recipe: Recipe) -> Path:
    """The folder of the encoder's weights at the start."""
    return Path("pretrained") / f"{recipe['dataset']}-{recipe['method']}"


def main(name: str) -> None:
    """All seeds."""
    job = Job("train", name)
    recipe = job.recipe
    data, start = Path("data") / recipe["dataset"], pretrained(recipe)
    each_seed(
        job,
        lambda seed: [data / "card.json", *start.glob(f"encoder-{seed}.safetensors")],
        work,
        recipe["training"]["epochs"],
    )


def work(recipe: Recipe, seed: int, folder: Path, tell: Callable[[dict[str, Any]], None]) -> None:
    """One seed, from its last checkpoint if there is one."""
    data, checkpoint = Path("data") / recipe["dataset"], folder / "checkpoint.pt"
    vae = assemble(recipe, json.loads((data / "card.json").read_text()), seed).to(device(recipe["device"]))
    learned: tuple[str, ...] = ("train", "reserve")
    spent = (0, 0)
    encoder = pretrained(recipe) / f"encoder-{seed}.safetensors"
    if encoder.exists():
        learned = ("train",)
        vae.load_encoder(load_file(encoder))
        before = last_row(encoder.parent / "history.csv", seed)
        spent = (int(before["encoder_steps"]), int(before["decoder_steps"]))
    saved = (
        torch.load(checkpoint, weights_only=True, map_location=device(recipe["device"]))
        if checkpoint.exists()
        else None
    )
    rows: list[dict[str, Any]] = saved["rows"] if saved else []
    for row in rows:
        tell(row)
    history = folder / "history.csv"
    history.unlink(missing_ok=True)  # it may be ahead of the checkpoint
    if rows:
        write_table(history, rows)
    slots: dict[str, Any] = {
        slot: build(f"methods/{slot}", recipe[slot]) for slot in ("kl_weight", "divergence", "inference")
    }
    slots["perturbation"] = [build("methods/perturbation", piece) for piece in recipe["perturbation"]]
    last = time.monotonic()
    for row, state in train(
        vae, read(data, *learned), read(data, "valid"), **slots, **recipe["training"],
        seed=seed, spent=spent, state=saved,
    ):  # fmt: skip
        if not all(map(math.isfinite, row.values())):
            where = (
                f"{recipe['dataset']}-{recipe['model']}-{recipe['method']}, seed {seed}, epoch {row['epoch']}"
            )
            key = f"params.yaml: datasets.{recipe['dataset']}.training.learning_rate"
            raise UserError(
                f"{where}: training diverged; {key} is {recipe['training']['learning_rate']}, try a smaller one"
            )
        rows.append(row)
        tell(row)
        append_row(history, row)
        if time.monotonic() - last > SECONDS:
            torch.save({**state, "rows": rows}, folder / "checkpoint.new")
            (folder / "checkpoint.new").replace(checkpoint)
            last = time.monotonic()
    save_file(vae.state_dict(), folder / "weights.safetensors")
    checkpoint.unlink(missing_ok=True)


if __name__ == "__main__":
    run(main)
