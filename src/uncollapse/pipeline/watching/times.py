"""When seeds were worked on, and how long jobs may take, from the times of earlier runs in this folder."""

import csv
import json
import math
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from uncollapse.pipeline.outputs import DONE, SECONDS, STARTED, Job, Recipe
from uncollapse.registry import SLOTS
from uncollapse.tables import append_row

Span = tuple[float, float | None]  # seconds of the clock: from, and to if it is over
START = 6.0  # seconds that a job takes beside its seeds, mostly to import torch


class Time(NamedTuple):
    """The seconds that an earlier job took for each seed."""

    stage: str
    parts: list[str]  # of its name: data set, model, method
    seconds: float


def span(folder: Path) -> Span | None:
    """When the work in a seed's folder first began, and when it ended; None where that is not known."""
    started, done = folder / STARTED, folder / DONE
    if not started.exists():
        return None
    return started.stat().st_mtime, done.stat().st_mtime if done.exists() else None


def note_time(job: Job, seeds: int, seconds: float) -> None:
    """Note in SECONDS how long a job worked on so many seeds."""
    append_row(SECONDS, {**job._asdict(), "seeds": seeds, "seconds": round(seconds, 1)})


def earlier_times() -> list[Time]:
    """The times of all jobs that ran in this folder, the last one last."""
    return [
        Time(row["stage"], row["name"].split("-"), float(row["seconds"]) / int(row["seeds"]))
        for row in rows_of_seconds(Path())
    ]


def rows_of_seconds(folder: Path) -> list[dict[str, str]]:
    """The rows of SECONDS in the folder of a project, the last one last."""
    if not (folder / SECONDS).exists():
        return []
    with (folder / SECONDS).open(newline="") as file:
        rows = list(csv.DictReader(file))
    return [row for row in rows if None not in row and None not in row.values()]  # a full disk cuts one


def estimate(job: Job, recipe: Recipe, times: Sequence[Time]) -> float | None:
    """Seconds that a job may take with a recipe; None if nothing like it ran in this folder.

    By the last time of this job, or else of all of the same data set and method, or else of the same data
    set. Tuning is so many trainings.
    """
    untrained = job.stage == "pretrain" and SLOTS["pretraining"].is_default(recipe["pretraining"])
    if job.stage == "prepare" or untrained or recipe.get("candidates") == []:
        return 0.0
    parts, trainings = job.name.split("-"), 1 + len(recipe.get("candidates", ()))
    stage = "train" if job.stage == "tune" else job.stage
    times = [time for time in times if time.stage == stage]
    candidates = (
        [time.seconds for time in times if time.parts == parts][-1:],
        [time.seconds for time in times if (time.parts[0], time.parts[-1]) == (parts[0], parts[-1])],
        [time.seconds for time in times if time.parts[0] == parts[0]],
    )
    seconds = next(filter(None, candidates), None)
    return None if seconds is None else START + trainings * median(seconds) * len(new_seeds(job, recipe))


def new_seeds(job: Job, recipe: Recipe) -> set[int]:
    """The seeds that the output does not have; all of them if it was made from another recipe."""
    seeds = set(recipe["seeds"])
    if not job.made_from.exists():
        return seeds
    earlier = json.loads(job.made_from.read_text())
    had = earlier.get("seeds", [])  # that of a cell which was not tuned has none
    same = earlier == {**json.loads(json.dumps(recipe)), "seeds": had}
    return seeds - set(had) if same else seeds


def duration(seconds: float | None) -> str:
    """Seconds in the unit that a person would choose."""
    if seconds is None:
        return "unknown"
    minutes = math.ceil(seconds / 60)
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 120 else f"{minutes / 60:.1f} h"
