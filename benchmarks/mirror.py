"""The time to mirror 100 cells x 4 seeds x 50 epochs to an empty sqlite store, twice; part of `make bench`.

With the argument `seeds` the runs of the cells are left out; a second argument is another number of cells.
"""

import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from uncollapse.tracking.mirror import mirror_runs
from uncollapse.tracking.run import Run

CELLS, SEEDS, EPOCHS = 100, 4, 50
COLUMNS = ("elbo", "reconstruction", "kl", "beta", "active_units", "encoder_steps", "decoder_steps")


def run(cell: int, seed: int, weights: Path) -> Run:
    """As many points, params and files as a run of the default grid, with a longer history."""
    history = {f"train/{name}": {60 * epoch: epoch / 3 + cell for epoch in range(EPOCHS)} for name in COLUMNS}
    measures = {f"test/measure_{i}": {60 * EPOCHS: i / 7} for i in range(20)}
    curve = {"collapse/share_by_log_eps": {i: i / 46 for i in range(46)}}
    return Run(
        experiment=f"toy{cell % 4}",
        name=f"cell{cell}-{seed}",
        key=f"{cell} {seed}",
        tags={
            "cell": f"cell{cell}",
            "seed": str(seed),
            "dataset": "toy",
            "model": "vae",
            "method": f"method{cell}",
        },
        params={f"slot{i}": {"use": "piece", "argument": i, "other": 0.1} for i in range(14)},
        data={"name": "toy", "digest": "0123456789abcdef", "source": "{}", "profile": "{}"},
        points={**history, **measures, **curve},
        files={
            "recipe.json": "{}\n" * 500,
            "card.json": "{}\n",
            "history.csv": "1,2\n" * 400,
            "collapse.csv": "1,2\n" * 32,
            "weights.safetensors": weights,
        },
    )


def cell_run(cell: int, seeds: Sequence[Run]) -> Run:
    """As many numbers as the run of a cell has."""
    numbers = {f"test/measure_{i}/{end}": {0: i / 7} for i in range(20) for end in ("mean", "low", "high")}
    name = f"cell{cell}"
    return replace(seeds[0], name=name, key=name, points=numbers, files={})


def runs_of(cell: int, weights: Path, nested: bool) -> list[Run]:
    """Make the runs of a cell's seeds, nested in a run of the cell or not."""
    seeds = [run(cell, seed, weights) for seed in range(SEEDS)]
    if not nested:
        return seeds
    parent = cell_run(cell, seeds)
    return [parent, *(replace(seed, parent=parent.key) for seed in seeds)]


def main(kind: str = "cells", cells: str = str(CELLS)) -> None:
    """Print both times."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        weights = Path("weights")
        weights.write_bytes(os.urandom(500_000))
        runs = [
            run
            for cell in range(int(cells))
            for run in runs_of(cell, weights.resolve(), nested=kind == "cells")
        ]
        for title in ("mirrored", "again"):
            start = time.perf_counter()
            added, repaired = mirror_runs(runs, f"sqlite:///{folder}/mlflow.db")
            seconds = time.perf_counter() - start
            print(f"{cells} cells x {SEEDS} seeds {title}: {seconds:.1f} s, ", end="")
            print(f"{added} runs new, {repaired} repaired", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
