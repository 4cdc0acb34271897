"""A grid whose cells were not trained but made up, with effects that are known: what the stage `report` reads."""

import json
import runpy
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from PIL import Image

from uncollapse.experiment.cells import Cell

ROOT = Path(__file__).parent.parent
METHODS = ["plain", "skip", "aggressive", "pretrained", "adversarial", "skip+aggressive"]
GAIN = {
    "skip": -20.0,
    "aggressive": -10.0,
    "skip+aggressive": -32.0,
    "adversarial": 6.0,
}  # of the nll, on every model


def make_grid(
    folder: Path, *, datasets: Iterable[str] = ("mnist5k", "kjv"), models: Iterable[str] = ("vae", "control_vae"),
    methods: Iterable[str] = METHODS, seeds: int = 4, labels: bool = True, points: int = 400, epochs: int = 10,
) -> list[Cell]:  # fmt: skip
    """Write it into `folder`, which is the current one, and return its cells. Data sets other than mnist5k and kjv are copies of mnist5k."""
    for name in ("stages", "src"):
        (folder / name).symlink_to(ROOT / name)
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    for name in datasets:
        params["datasets"].setdefault(name, params["datasets"]["mnist5k"])
    params["grid"] = {
        "datasets": [*datasets],
        "models": [*models],
        "methods": [*methods],
        "seeds": list(range(seeds)),
    }
    (folder / "params.yaml").write_text(yaml.safe_dump(params))
    runpy.run_path(str(ROOT / "stages" / "recipes.py"))
    grid = json.loads((folder / "recipes/grid.json").read_text())
    cells = [Cell(*names) for names in grid["cells"]]
    for name in datasets:
        write(
            folder / "data" / name / "card.json",
            json.dumps({"source": "made up", "licence": "none", "counts": {"train": 100}}),
        )
        for method in methods:
            write(folder / "pretrained" / f"{name}-{method}" / "none", "")
    write(
        folder / "metrics/calibration.csv",
        "run,quantity,exact,measured,error,tolerance\nlinear,elbo,-10,-10.01,0.01,0.02\n",
    )
    for i, cell in enumerate(cells):
        make_cell(folder, cell, np.random.default_rng(i), seeds, labels, points, epochs)
    return cells


def make_cell(
    folder: Path, cell: Cell, stream: np.random.Generator, seeds: int, labels: bool, points: int, epochs: int
) -> None:
    """What training and measuring leave of a cell."""
    latents, kl = 32, np.linspace(0.5, 8.0, epochs)
    runs, measured = folder / "runs" / str(cell), folder / "metrics/cells" / str(cell)
    rows, history, thresholds = [], [], []
    for seed in range(seeds):
        common = np.random.default_rng(seed).normal(0, 5)
        nll = (
            150
            + common
            + GAIN.get(cell.method, 0)
            - 10 * (cell.model == "control_vae")
            + stream.normal(0, 0.3)
        )
        collapsed = float(
            np.clip(
                0.7
                - 0.5 * (cell.model == "control_vae")
                - 0.2 * ("skip" in cell.method)
                + stream.normal(0, 0.02),
                0,
                1,
            )
        )
        rows.append(measures(seed, nll, collapsed, labels, aggressive="aggressive" in cell.method))
        for epoch in range(1, epochs + 1):
            values = {
                "elbo": -nll - 50 / epoch,
                "reconstruction": nll,
                "kl": kl[epoch - 1] + stream.normal(0, 0.1),
                "beta": min(1.0, epoch / 5),
            }
            history.append(
                {
                    "seed": seed,
                    "epoch": epoch,
                    "step": 62 * epoch,
                    **values,
                    "active_units": 20,
                    "encoder_steps": 62,
                    "decoder_steps": 62,
                }
            )
        eps = np.sort(stream.lognormal(-1, 2, latents))
        thresholds += [
            {"seed": seed, "dimension": i, "eps": value, "kl": value / 2} for i, value in enumerate(eps)
        ]
    named = {
        "x": stream.normal(size=points),
        "y": stream.normal(size=points),
        "label": stream.integers(0, 10, points) if labels else "",
    }
    tables = {
        runs / "history.csv": history,
        measured / "measures.csv": rows,
        measured / "collapse.csv": thresholds,
        measured / "tsne.csv": named,
    }
    for file, table in tables.items():
        write(file, pd.DataFrame(table).to_csv(index=False))
    for stage, output in {"train": runs, "evaluate": measured}.items():
        shutil.copy(folder / "recipes" / stage / f"{cell}.json", output / "recipe.json")
    write(measured / "device-0.txt", "cpu")
    if cell.dataset == "kjv":
        said = [
            {
                "start": "in the beginning",
                "end": "the <end>",
                "place": place,
                "sentence": "and he said </script> &",
            }
            for place in range(5)
        ]
        write(measured / "lines.csv", pd.DataFrame(said).to_csv(index=False))
    else:
        for name in ("reconstructions", "samples"):
            Image.fromarray(stream.integers(0, 255, (120, 240), np.uint8)).save(measured / f"{name}.png")


def measures(seed: int, nll: float, collapsed: float, labels: bool, aggressive: bool) -> dict[str, Any]:
    """A row of measures.csv, which obeys the laws."""
    return {
        "seed": seed, "elbo": -nll - 3, "reconstruction": nll - 5, "kl": 8.0, "nll": nll, "elbo_standard_error": 0.01, "train_kl": 8.1, "mi": 4.0,
        "nll_fall": 0.01, "mi_standard_error": 0.02, "mi_cap": 6.2, "mi_at_cap": False, "mi_in_batches": 3.0, "marginal_kl": 4.0, "active_units": 20, "latents": 32,
        "collapsed": collapsed, "probe_accuracy": 0.8 if labels else float("nan"), "encoder_steps": 6200 if aggressive else 620, "decoder_steps": 620,
    }  # fmt: skip


def write(file: Path, text: str) -> None:
    """A file, and the folders that it needs."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
