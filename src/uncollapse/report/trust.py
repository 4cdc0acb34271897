"""The section of the report that says how far to trust it: laws, calibration, data and settings, and what made it all."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from uncollapse.experiment.cells import Cell
from uncollapse.measures.laws import LAWS, broken_laws
from uncollapse.pipeline.outputs import Job


def trust(cells: Sequence[Cell], summary: pd.DataFrame) -> dict[str, Any]:
    """What the template's section `trust` reads, of the cells that were measured."""
    broken = [
        law.split(":")[0]
        for row in summary.to_dict("records")
        for law in broken_laws({str(name): value for name, value in row.items()})
    ]
    recipe = Job("train", str(cells[0])).recipe
    devices = {
        file.read_text() for cell in cells for file in Path("metrics/cells", str(cell)).glob("device-*.txt")
    }
    calibration = Path("metrics/calibration.csv")
    return {
        "runs": len(summary),
        "laws": {law: len(summary) - broken.count(law) for law in LAWS},
        "made_by": {"commit": commit(), **recipe["versions"], "on": ", ".join(sorted(devices)), "seeds": ", ".join(map(str, recipe["seeds"]))},
        "calibration": pd.read_csv(calibration).to_dict("records") if calibration.exists() else [],
        "cards": {name: card(name, next(cell for cell in cells if cell.dataset == name)) for name in dict.fromkeys(cell.dataset for cell in cells)},
    }  # fmt: skip


def card(dataset: str, cell: Cell) -> str:
    """What a data set is and how it was trained on, as YAML."""
    described = json.loads(Path("data", dataset, "card.json").read_text())
    prepared, trained = Job("prepare", dataset).recipe, Job("train", str(cell)).recipe
    measured = Job("evaluate", str(cell)).recipe["evaluation"]
    settings = {what: prepared[what] for what in ("source", "split")} | {
        what: trained[what] for what in ("net", "likelihood", "training")
    }
    return yaml.safe_dump(
        {"data": described, "settings": {**settings, "evaluation": measured}},
        sort_keys=False,
        allow_unicode=True,
    )


def commit() -> str:
    """The commit that is checked out, and whether what determines the numbers was edited since; nothing outside of git."""

    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], capture_output=True, text=True, check=False).stdout.strip()

    edited = git("status", "--porcelain", "--", "params.yaml", "dvc.yaml", "src", "stages")
    return (git("rev-parse", "--short", "HEAD") or "unknown") + (" with edits" if edited else "")
