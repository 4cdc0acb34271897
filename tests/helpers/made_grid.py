"""A made-up grid: cells that were not trained, with known effects, as the stage `report` reads them."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import chdir
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import yaml
from made_rows import measures, training_of
from PIL import Image

from uncollapse.data.files import CARD, locate_labels
from uncollapse.experiment.cells import Cell
from uncollapse.experiment.make_recipes import make_recipes, to_text
from uncollapse.experiment.params import Params
from uncollapse.pipeline.cell_files import CellFiles
from uncollapse.pipeline.job import Job, list_jobs
from uncollapse.pipeline.job_recipe import read_grid
from uncollapse.pipeline.paths import (
    CALIBRATION,
    COLLAPSE,
    DEVICE,
    DIVERGED,
    LINES,
    PAGE,
    PARAMS,
    RECONSTRUCTIONS,
    SAMPLES,
    TSNE,
    name_for_seed,
    recipe_file,
)
from uncollapse.report import build
from uncollapse.report.page import write_page
from uncollapse.results.gather import gather_results

ROOT = Path(__file__).parent.parent.parent
METHODS = ("plain", "skip", "aggressive", "pretrained", "adversarial", "skip+aggressive")
GAINS = {"skip": -20.0, "aggressive": -10.0, "skip+aggressive": -32.0, "adversarial": 6.0}  # in nll
STAGE = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]["report"]
OUTS = [next(iter(out)) if isinstance(out, dict) else out for out in STAGE["outs"] + STAGE["metrics"]]
MADE_CALIBRATION = "run,quantity,exact,measured,error,tolerance\nlinear,elbo,-10,-10.01,0.01,0.02\n"


def report(folder: Path, *, failed: Sequence[str] = (), **grid: Any) -> Path:
    """The page of a made-up grid in `folder`, some of whose cells may have failed; see `make_grid`."""
    with chdir(folder):
        cells = make_grid(folder, **grid)
        for cell in cells:
            if str(cell) in failed:
                for job in (Job.of("train", cell), Job.of("evaluate", cell)):
                    shutil.rmtree(job.folder)
                write(Job.of("train", cell).failure, "seed 1, epoch 3: training diverged\n")
        if (folder / "src").is_symlink():  # to the code that is imported here
            build.make_report()
        else:
            done = subprocess.run(
                [sys.executable, "-W", "error", "stages/report.py"],
                env={**os.environ, "PYTHONPATH": str(folder / "src")},
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr
        assert all((folder / out).exists() for out in OUTS), "DVC asks for all of them"
        return folder / PAGE


def page(folder: Path, **grid: Any) -> Path:
    """The page of a made-up grid in `folder`, without the tables and pictures beside it."""
    with chdir(folder):
        make_grid(folder, **grid)
        write_page(gather_results())
    return folder / PAGE


def make_grid(
    folder: Path,
    *,
    datasets: Iterable[str] = ("mnist5k", "kjv"),
    models: Iterable[str] = ("vae", "control_vae"),
    methods: Iterable[str] = METHODS,
    seeds: int = 4,
    labels: bool = True,
    points: int = 400,
    epochs: int = 10,
    measured: Mapping[str, float] | None = None,
    diverged: Mapping[str, Sequence[int]] = MappingProxyType({}),
) -> list[Cell]:
    """Write it into `folder`, which is the current one, and return its cells.

    The code is that of the repository, unless `folder` has its own `src`. Data sets other than mnist5k and
    kjv are copies of mnist5k. `measured` are further columns of the measures, `diverged` the seeds of cells
    whose training diverged in epoch 2.
    """
    for name in ("stages", "src"):
        if not (folder / name).exists():
            (folder / name).symlink_to(ROOT / name)
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    for name in datasets:
        params["datasets"].setdefault(name, params["datasets"]["mnist5k"])
    axes = {"datasets": [*datasets], "models": [*models], "methods": [*methods]}
    params["grid"] = {**axes, "seeds": list(range(seeds))}
    (folder / "params.yaml").write_text(yaml.safe_dump(params))
    for name, recipe in make_recipes(Params(PARAMS)).items():
        write(recipe_file(name), to_text(recipe))
    cells = read_grid()["cells"]
    for name in datasets:
        card = {"source": "made up", "licence": "none", "counts": {"train": 100}, "sha256": {}}
        for seed in range(seeds):  # each has its own split
            split = Job("prepare", name).folder / str(seed)
            write(split / CARD, json.dumps(card))
            if labels and name != "kjv":
                np.save(locate_labels(split, "test"), np.random.default_rng(seed).binomial(9, 0.2, 100))
    write(CALIBRATION, MADE_CALIBRATION)
    for i, cell in enumerate(cells):
        gone = diverged.get(str(cell), ())
        make_cell(cell, np.random.default_rng(i), seeds, labels, points, epochs, measured or {}, gone)
    return cells


def make_cell(
    cell: Cell,
    rng: np.random.Generator,
    seeds: int,
    labels: bool,
    points: int,
    epochs: int,
    measured: Mapping[str, float],
    gone: Sequence[int],
) -> None:
    """What training and measuring leave of a cell."""
    rows, history, thresholds = [], [], []
    epochs += 2 * ("skip" in cell.method)  # it takes longer to stall
    for seed in range(seeds):
        control = cell.model == "control_vae"
        common = np.random.default_rng(seed).normal(0, 5)
        nll = 150 + common + GAINS.get(cell.method, 0) - 10 * control + rng.normal(0, 0.3)
        share = 0.7 - 0.5 * control - 0.2 * ("skip" in cell.method) + rng.normal(0, 0.02)
        row = measures(seed, nll, min(max(share, 0), 1), labels, aggressive="aggressive" in cell.method)
        history += training_of(seed, nll, rng, 2 if seed in gone else epochs)
        if seed in gone:
            continue
        rows.append({**row, "epochs": epochs, "best_epoch": epochs, **measured})
        spread = np.exp(np.abs(rng.normal(0, 1, row["latents"])))
        dead = np.arange(row["latents"]) < round(row["collapsed"] * row["latents"])
        for dimension, eps in enumerate(np.where(dead, 0.005 / spread, 0.8 * spread)):
            values = {"eps": eps, "kl": eps / 2, "information": eps / 4}
            thresholds.append({"seed": seed, "dimension": dimension, **values})
    label = rng.integers(0, 10, points) if labels else ""
    maps = {"x": rng.normal(size=points), "y": rng.normal(size=points), "label": label}
    folder = CellFiles(cell).measured
    tables = {
        CellFiles(cell).history: history,
        CellFiles(cell).measures: rows,
        folder / COLLAPSE: thresholds,
        folder / TSNE: maps,
    }
    for file, table in tables.items():
        write(file, pd.DataFrame(table).to_csv(index=False))
    write(folder / name_for_seed(DEVICE, 0), "cpu")
    if cell.dataset == "kjv":
        line = {"start": "in the beginning", "end": "the <end>", "sentence": "and he said </script> &"}
        write(folder / LINES, pd.DataFrame([{**line, "place": i} for i in range(5)]).to_csv(index=False))
    else:
        for name in (RECONSTRUCTIONS, SAMPLES):
            Image.fromarray(rng.integers(0, 255, (120, 240), np.uint8)).save(folder / name)
    for seed in range(seeds):
        if seed not in gone:
            write(CellFiles(cell).weights(seed), "made up")
    if gone:
        lines = [{"seed": seed, "epoch": 2, "line": "a loss was not finite"} for seed in gone]
        write(CellFiles(cell).trained / DIVERGED, pd.DataFrame(lines).to_csv(index=False))
    for job in list_jobs(cell):
        make_current(job)


def make_current(job: Job) -> None:
    """Let the output of a job say that it was made from the recipe as it is now."""
    write(job.made_from, job.recipe_file.read_text())


def write(file: Path, text: str) -> None:
    """A file, and the folders that it needs."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
