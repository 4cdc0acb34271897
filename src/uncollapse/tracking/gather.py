"""From the files of a cell to its runs in MLflow."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from uncollapse.data.files import CARD, VOCABULARY
from uncollapse.experiment.cells import Cell
from uncollapse.experiment.recipe import fingerprint
from uncollapse.experiment.tuning import label
from uncollapse.pipeline.cell_files import CellFiles, split_folder
from uncollapse.pipeline.job import Job
from uncollapse.pipeline.job_recipe import read_choice, read_grid, read_recipe
from uncollapse.pipeline.paths import (
    COLLAPSE,
    HISTORY,
    LINES,
    RECIPE,
    RECONSTRUCTIONS,
    SAMPLES,
    SENTENCES,
    TSNE_MAP,
    WEIGHTS,
)
from uncollapse.pipeline.watching.times import find_span
from uncollapse.tracking.run import Points, Run

# the steps of the collapse curve: eps is 10 ** (step / 10) thousandths of a nat, because MLflow's charts have
# no logarithmic axis unless one asks
DECIBELS = range(46)
PICTURES = (RECONSTRUCTIONS, SAMPLES, SENTENCES, LINES)  # of the first seed


def grid() -> tuple[list[Cell], list[int]]:
    """The cells and the seeds of the grid."""
    listed = read_grid()
    return listed["cells"], listed["seeds"]


def run_at_start(cell: Cell, seed: int) -> Run:
    """The run of a cell and seed as it is known before its first epoch."""
    trained, measured = read_recipe(Job.of("train", cell)), read_recipe(Job.of("evaluate", cell))
    recipe = {**trained.stated, "evaluation": measured.evaluation, "seed": seed}
    card_file = CellFiles(cell).card(seed)
    card = json.loads(card_file.read_text())
    return Run(
        experiment=cell.dataset,
        name=f"{cell}-{seed}",
        key=run_key(cell, seed),
        tags={**tags_of(cell, "seed", "train"), "seed": str(seed)},
        params={
            name: entry for name, entry in recipe.items() if name not in ("seeds", "sources", "versions")
        },
        data={
            "name": cell.dataset,
            "digest": hashlib.sha256(json.dumps(card["sha256"], sort_keys=True).encode()).hexdigest()[:16],
            "source": json.dumps({"uri": str(card_file.parent), "source": card["source"]}),
            "profile": json.dumps(card["counts"]),
        },
        files={RECIPE: json.dumps({**recipe, "seeds": None}, indent=2), CARD: card_file},
        span=find_span(Job.of("train", cell).seed_folder(seed, training_key(cell, seed))),
    )


def tags_of(cell: Cell, kind: str, stage: str) -> dict[str, str]:
    """The tags of a run: its cell, whether it is of that cell or of one seed, what was chosen if the cell is
    tuned, and the script that made it."""
    source = {"mlflow.source.type": "LOCAL", "mlflow.source.name": f"stages/{stage}.py"}
    chosen = label(read_choice(Job.of("tune", cell))["values"])
    return {
        "kind": kind,
        "cell": str(cell),
        **cell._asdict(),
        **source,
        **({"tuned": chosen} if chosen else {}),
    }


def run_key(cell: Cell, seed: int) -> str:
    """A digest of what determines a run's numbers: recipes, data, the encoder at the start, the seed.

    The list of seeds is none of it: a new one makes no other run new.
    """
    jobs = Job.of("train", cell), Job.of("evaluate", cell)
    recipes = {job.stage: {**read_recipe(job).stated, "seeds": None} for job in jobs}
    return fingerprint({**recipes, "seed": seed}, CellFiles(cell).training_inputs(seed))


def training_key(cell: Cell, seed: int) -> str:
    """A digest of all that determines a run's training; the cache of seeds has it in the name of a folder."""
    return fingerprint(read_recipe(Job.of("train", cell)).stated, CellFiles(cell).training_inputs(seed))


def diverged_runs(cell: Cell) -> list[Run]:
    """The run of every seed of a cell whose training diverged: FAILED, with the epochs before."""
    gone = CellFiles(cell).read_diverged()
    if not gone:
        return []
    runs, history = [], pd.read_csv(CellFiles(cell).history)
    for seed, epoch in gone.items():
        run, epochs = run_at_start(cell, seed), history[history["seed"] == seed]
        tags = {**run.tags, "converged": "false", "diverged": str(epoch)}
        runs.append(replace(run, tags=tags, points=training_points(epochs), status="FAILED"))
    return runs


def finished_runs(cell: Cell) -> list[Run]:
    """The run of every seed of a cell that was trained and measured."""
    history = pd.read_csv(CellFiles(cell).history)
    measures = pd.read_csv(CellFiles(cell).measures)
    collapse = pd.read_csv(CellFiles(cell).collapse)
    runs, seeds = [], read_recipe(Job.of("evaluate", cell)).seeds
    for seed in seeds:
        epochs, dimensions = history[history["seed"] == seed], collapse[collapse["seed"] == seed]
        row = measures[measures["seed"] == seed].drop(columns="seed").iloc[0]
        last = int(epochs["step"].iloc[-1])
        run = run_at_start(cell, seed)
        points = {
            **training_points(epochs),
            **{f"test/{name}": {last: float(value)} for name, value in row.items()},
            "collapse/share_by_log_eps": collapse_points(dimensions),
        }
        files = {
            **run.files,
            HISTORY: epochs.to_csv(index=False),
            COLLAPSE: dimensions.to_csv(index=False),
            WEIGHTS: CellFiles(cell).weights(seed),
            **extra_files(cell, seed, first=seed == seeds[0]),
        }
        tags = {**run.tags, "converged": "true" if row["converged"] else "false"}
        runs.append(replace(run, tags=tags, points=points, files=files))
    return runs


def failed_keys(cells: Sequence[Cell], seeds: Sequence[int]) -> list[str]:
    """The keys of the runs of those cells whose training failed."""
    return [
        run_key(cell, seed)
        for cell in cells
        if Job.of("train", cell).failure.exists()
        for seed in seeds
        if CellFiles(cell).card(seed).exists()
    ]


def training_points(history: pd.DataFrame) -> Points:
    """The history of one seed, a metric a column, at gradient steps."""
    return {
        f"train/{name}": dict(zip(history["step"], history[name], strict=True))
        for name in history
        if name not in ("seed", "epoch", "step")
    }


def collapse_points(dimensions: pd.DataFrame) -> dict[int, float]:
    """The share of collapsed dimensions of one seed, at the steps of DECIBELS."""
    return {step: float((dimensions["eps"] < 10 ** (step / 10) / 1000).mean()) for step in DECIBELS}


def extra_files(cell: Cell, seed: int, first: bool) -> dict[str, Path]:
    """The vocabulary of text; for the first seed, its t-SNE map, samples, and so on."""
    files = {VOCABULARY: split_folder(cell.dataset, seed) / VOCABULARY}
    if first:
        folder = CellFiles(cell).measured
        files |= {name: folder / name for name in PICTURES} | {TSNE_MAP: CellFiles(cell).map_picture}
    return {name: file for name, file in files.items() if file.exists()}
