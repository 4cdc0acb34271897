"""Whose an output is, by the recipe that it was made with; and what stages leave in `.work`, outside of DVC's outputs, for those who look
at the grid: why one failed and how long one took."""

import csv
import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

Recipe = dict[str, Any]
FAILED = Path(".work") / "failed"
SECONDS = Path(".work") / "seconds.csv"
OUTPUTS = {"pretrain": Path("pretrained"), "train": Path("runs"), "evaluate": Path("metrics") / "cells"}


def key(recipe: Recipe, inputs: Iterable[Path]) -> str:
    """A digest of all that determines one seed's result: the recipe but for the list of seeds, and the input files."""
    digest = hashlib.sha256(json.dumps({**recipe, "seeds": None}, sort_keys=True).encode())
    for file in inputs:
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:16]


def current(stage: str, name: str) -> bool:
    """Whether the output of `train` or `evaluate` for a cell was made with its recipe as it stands, and so was what it was made from.

    DVC removes the output of a stage before it runs it, so a cell that fails loses that; what was made from it earlier stays, and
    is of another recipe or has nothing to stand on.
    """
    made, wanted = OUTPUTS[stage] / name / "recipe.json", Path("recipes") / stage / f"{name}.json"
    if not (made.exists() and wanted.exists() and made.read_text() == wanted.read_text()):
        return False
    dataset, _, method = name.split("-")
    started = (Path("data") / dataset / "card.json").exists() and (OUTPUTS["pretrain"] / f"{dataset}-{method}").exists()
    return started and (stage == "train" or current("train", name))


def failure(stage: str, name: str) -> Path:
    """The file that holds the line with which the last run of a stage ended, if it failed."""
    return FAILED / f"{stage}-{name}.txt"


def append_row(file: Path, row: Mapping[str, Any]) -> None:
    """Add a row to a CSV file, below a header where the file is new; at once, for those who watch it grow."""
    new = not file.exists()
    with file.open("a", newline="") as out:
        writer = csv.DictWriter(out, row, lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerow(row)
