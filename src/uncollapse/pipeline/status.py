"""The state of the grid: what `dvc repro` would make, and how long that may take; and the numbers of one cell."""

import csv
import difflib
import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import pandas as pd
import yaml

from uncollapse.errors import UserError
from uncollapse.experiment.cells import Cell
from uncollapse.experiment.params import Params, Recipe, text
from uncollapse.statistics import interval

STAGES = ("prepare", "pretrain", "train", "evaluate")
START = 6.0  # seconds that a stage takes beside its seeds, mostly to import torch
Times = list[tuple[str, list[str], float]]  # stage, parts of the name, seconds a seed


class State(NamedTuple):
    """A cell; whether it is `ready`, `stale`, `failed`, `never run`, or `not here`, made but neither pulled nor checked out; the seconds that
    it may take to make it so, None where nothing like it was made here; and the line with which it failed."""

    cell: Cell
    state: str
    seconds: float | None = 0.0
    line: str = ""


def states() -> list[State]:
    """Of every cell of params.yaml's grid. Raises UserError outside of a project, and where params.yaml has a mistake."""
    if not (Path("params.yaml").exists() and Path("dvc.yaml").exists()):
        raise UserError("no params.yaml and dvc.yaml here; go to the folder of the project first")
    params, lock = Params(Path("params.yaml")), Path("dvc.lock")
    recipes = dict(params.recipes())
    entries = (yaml.safe_load(lock.read_text()) or {}).get("stages", {}) if lock.exists() else {}
    times, planned, found = past(Path(".work") / "seconds.csv"), set[str](), []
    for cell in params.cells():
        names = [cell.dataset, f"{cell.dataset}-{cell.method}", str(cell), str(cell)]
        todo = [f"{stage}/{name}" for stage, name in zip(STAGES, names, strict=True)]
        is_now = {name: condition(name, recipes[name], entries) for name in todo}
        while todo and is_now[todo[0]] == "ready":
            todo.pop(0)
        line = next(filter(None, (failure(name, recipes[name]) for name in todo)), "")
        worst = [state for state in ("never run", "stale", "not here") if state in is_now.values()] or [
            "ready"
        ]
        known = is_now[f"train/{cell}"] != "never run"
        state = "failed" if line else "stale" if known and worst[0] == "never run" else worst[0]
        took = [
            estimate(name, recipes[name], times)
            for name in todo
            if name not in planned and state != "not here"
        ]
        planned.update(todo)
        found.append(State(cell, state, None if None in took else sum(filter(None, took)), line))
    return found


def condition(name: str, recipe: Recipe, entries: Mapping[str, Any]) -> str:
    """Whether a stage, such as train/<cell>, is `ready`, `never run`, `stale` or `not here`, by what dvc.lock says that it was made from."""
    entry = entries.get(name.replace("/", "@"))
    if entry is None:
        return "never run"
    now = {out["path"]: out.get("md5") for one in entries.values() for out in one.get("outs", ())}
    now |= {f"recipes/{name}.json": hashlib.md5(text(recipe).encode(), usedforsecurity=False).hexdigest()}
    if any(dep.get("md5") != now.get(dep["path"]) for dep in entry["deps"]):
        return "stale"
    return "ready" if all(Path(out["path"]).exists() for out in entry["outs"]) else "not here"


def failure(name: str, recipe: Recipe) -> str:
    """The line with which the stage failed on this very recipe, if it did."""
    note, tried = Path(".work/failed") / f"{name.replace('/', '-')}.txt", Path("recipes") / f"{name}.json"
    same = note.exists() and tried.exists() and tried.read_text() == text(recipe)
    return note.read_text().strip() if same else ""


def past(file: Path) -> Times:
    """What stages took."""
    if not file.exists():
        return []
    with file.open(newline="") as rows:
        return [
            (row["stage"], row["name"].split("-"), float(row["seconds"]) / int(row["seeds"]))
            for row in csv.DictReader(rows)
        ]


def estimate(name: str, recipe: Recipe, times: Times) -> float | None:
    """Seconds, from the last time, or else from cells of the same data set and method, or else of the same data set; None without any."""
    stage, _, rest = name.partition("/")
    if "seeds" not in recipe or (recipe.get("pretraining") == {"use": "none"} and stage == "pretrain"):
        return 0.0
    parts, seeds = rest.split("-"), set(recipe["seeds"])
    folder = {"pretrain": "pretrained", "train": "runs", "evaluate": "metrics/cells"}[stage]
    made = Path(folder) / rest / "recipe.json"
    if made.exists():  # a new seed is all that is made
        old = json.loads(made.read_text())
        seeds -= set(old["seeds"]) if old == {**json.loads(text(recipe)), "seeds": old["seeds"]} else set()
    mine = [(parts_then, seconds) for stage_then, parts_then, seconds in times if stage_then == stage]
    for near in (
        [seconds for then, seconds in mine if then == parts][-1:],
        [seconds for then, seconds in mine if (then[0], then[-1]) == (parts[0], parts[-1])],
        [seconds for then, seconds in mine if then[0] == parts[0]],
    ):
        if near:
            return START + median(near) * len(seeds)
    return None


def measures(name: str) -> tuple[State, pd.DataFrame]:
    """The state of a cell, and its measures: a row each, a column a seed, their mean and the half width of Student's 95 % interval.

    Raises UserError where there is no such cell in the grid, or it has no measures.
    """
    every = {str(state.cell): state for state in states()}
    if name not in every:
        near = difflib.get_close_matches(name, every, n=3, cutoff=0.4) or list(every)[:3]
        raise UserError(
            f"no cell {name!r} in the grid of params.yaml; near: {', '.join(near)}; all: `uncollapse grid`"
        )
    file = Path("metrics/cells") / name / "measures.csv"
    if not file.exists():
        raise UserError(
            f"{name} has no measures yet, it is: {every[name].state}{every[name].line and ', '}{every[name].line}"
        )
    table = pd.read_csv(file).set_index("seed").astype(float)
    found = [interval(table[measure]) for measure in table]
    return every[name], table.T.assign(
        mean=[one.mean for one in found], half=[(one.high - one.low) / 2 for one in found]
    )


def duration(seconds: float | None) -> str:
    """Seconds as a person says them."""
    if seconds is None:
        return "unknown"
    minutes = math.ceil(seconds / 60)
    return (
        f"{seconds:.0f} s" if seconds < 60 else f"{minutes} min" if minutes < 120 else f"{minutes / 60:.1f} h"
    )
