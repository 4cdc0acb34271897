"""The runs of the seeds of a cell, made from its files."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from uncollapse.data.files import CARD, VOCABULARY
from uncollapse.experiment.cells import Cell
from uncollapse.experiment.recipe import fingerprint
from uncollapse.experiment.tuning import label_values
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

# At these steps of the collapse curve eps is 10 ** (step / 10) thousandths of a nat, because the charts of
# MLflow have no logarithmic axis unless one asks for it.
DECIBELS = range(46)
PICTURES = (RECONSTRUCTIONS, SAMPLES, SENTENCES, LINES)  # These show the first seed.


def read_cells_and_seeds() -> tuple[list[Cell], list[int]]:
    """Read the cells and the seeds of the grid."""
    listed = read_grid()
    return listed["cells"], listed["seeds"]


def make_started_run(cell: Cell, seed: int) -> Run:
    """Make the run of a cell and seed as it is known before its first epoch."""
    trained, measured = read_recipe(Job.of("train", cell)), read_recipe(Job.of("evaluate", cell))
    recipe = {**trained.stated, "evaluation": measured.evaluation, "seed": seed}
    card_file = CellFiles(cell).card(seed)
    card = json.loads(card_file.read_text())
    return Run(
        experiment=cell.dataset,
        name=f"{cell}-{seed}",
        key=digest_run(cell, seed),
        tags={**make_tags(cell, "seed", "train"), "seed": str(seed)},
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
        span=find_span(Job.of("train", cell).seed_folder(seed, digest_training(cell, seed))),
    )


def make_tags(cell: Cell, kind: str, stage: str) -> dict[str, str]:
    """Make the tags of a run of a `kind`, cell or seed.

    They name its cell, what was chosen if the cell is tuned, and the script that made it.
    """
    source = {"mlflow.source.type": "LOCAL", "mlflow.source.name": f"stages/{stage}.py"}
    chosen = label_values(read_choice(Job.of("tune", cell))["values"])
    return {
        "kind": kind,
        "cell": str(cell),
        **cell._asdict(),
        **source,
        **({"tuned": chosen} if chosen else {}),
    }


def digest_run(cell: Cell, seed: int) -> str:
    """Digest what determines the numbers of a run: recipes, data, the encoder at the start, the seed.

    The list of seeds is not part of it, so a new seed makes no other run new.
    """
    jobs = Job.of("train", cell), Job.of("evaluate", cell)
    recipes = {job.stage: {**read_recipe(job).stated, "seeds": None} for job in jobs}
    return fingerprint({**recipes, "seed": seed}, CellFiles(cell).training_inputs(seed))


def digest_training(cell: Cell, seed: int) -> str:
    """Digest all that determines the training of a run, as the cache of seeds names its folders."""
    return fingerprint(read_recipe(Job.of("train", cell)).stated, CellFiles(cell).training_inputs(seed))


def make_diverged_runs(cell: Cell) -> list[Run]:
    """Make the run of every seed of a cell whose training diverged: FAILED, with the epochs before."""
    gone = CellFiles(cell).read_diverged()
    if not gone:
        return []
    runs, history = [], pd.read_csv(CellFiles(cell).history)
    for seed, epoch in gone.items():
        run, epochs = make_started_run(cell, seed), history[history["seed"] == seed]
        tags = {**run.tags, "converged": "false", "diverged": str(epoch)}
        runs.append(replace(run, tags=tags, points=make_training_points(epochs), status="FAILED"))
    return runs


def make_finished_runs(cell: Cell) -> list[Run]:
    """Make the run of every seed of a cell that was trained and measured."""
    history = pd.read_csv(CellFiles(cell).history)
    measures = pd.read_csv(CellFiles(cell).measures)
    collapse = pd.read_csv(CellFiles(cell).collapse)
    runs, seeds = [], read_recipe(Job.of("evaluate", cell)).seeds
    for seed in seeds:
        epochs, dimensions = history[history["seed"] == seed], collapse[collapse["seed"] == seed]
        row = measures[measures["seed"] == seed].drop(columns="seed").iloc[0]
        last = int(epochs["step"].iloc[-1])
        run = make_started_run(cell, seed)
        points = {
            **make_training_points(epochs),
            **{f"test/{name}": {last: float(value)} for name, value in row.items()},
            "collapse/share_by_log_eps": make_collapse_points(dimensions),
        }
        files = {
            **run.files,
            HISTORY: epochs.to_csv(index=False),
            COLLAPSE: dimensions.to_csv(index=False),
            WEIGHTS: CellFiles(cell).weights(seed),
            **list_extra_files(cell, seed, first=seed == seeds[0]),
        }
        tags = {**run.tags, "converged": "true" if row["converged"] else "false"}
        runs.append(replace(run, tags=tags, points=points, files=files))
    return runs


def list_failed_keys(cells: Sequence[Cell], seeds: Sequence[int]) -> list[str]:
    """List the keys of the runs of those cells whose training failed."""
    return [
        digest_run(cell, seed)
        for cell in cells
        if Job.of("train", cell).failure.exists()
        for seed in seeds
        if CellFiles(cell).card(seed).exists()
    ]


def make_training_points(history: pd.DataFrame) -> Points:
    """Turn the history of one seed into points, a metric for each column, at gradient steps."""
    return {
        f"train/{name}": dict(zip(history["step"], history[name], strict=True))
        for name in history
        if name not in ("seed", "epoch", "step")
    }


def make_collapse_points(dimensions: pd.DataFrame) -> dict[int, float]:
    """Find the share of collapsed dimensions of one seed, at the steps of DECIBELS."""
    return {step: float((dimensions["eps"] < 10 ** (step / 10) / 1000).mean()) for step in DECIBELS}


def list_extra_files(cell: Cell, seed: int, first: bool) -> dict[str, Path]:
    """List the vocabulary of text and, for the first seed, its t-SNE map, samples, and so on."""
    files = {VOCABULARY: split_folder(cell.dataset, seed) / VOCABULARY}
    if first:
        folder = CellFiles(cell).measured
        files |= {name: folder / name for name in PICTURES} | {TSNE_MAP: CellFiles(cell).map_picture}
    return {name: file for name, file in files.items() if file.exists()}
