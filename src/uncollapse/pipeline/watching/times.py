"""Tell when seeds were worked on, and how long jobs may take, judging by earlier runs in this folder."""

import csv
import json
import math
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from uncollapse.experiment.recipe import Recipe
from uncollapse.pipeline.job import Job
from uncollapse.pipeline.paths import DONE, SECONDS, STARTED
from uncollapse.registry import SLOTS
from uncollapse.tables import append_row

Span = tuple[float, float | None]  # From when, and to when if it is over; seconds of the clock.
START = 6.0  # A job takes so many seconds beside its seeds, mostly to import torch.


class JobTime(NamedTuple):
    """The seconds that an earlier job took for each seed."""

    job: Job
    seconds: float


def find_span(folder: Path) -> Span | None:
    """Return when the work in a seed's folder first began, and when it ended; None if that is not known."""
    started, done = folder / STARTED, folder / DONE
    if not started.exists():
        return None
    return started.stat().st_mtime, done.stat().st_mtime if done.exists() else None


def note_time(job: Job, seeds: int, seconds: float) -> None:
    """Note in SECONDS how long a job worked on so many seeds."""
    append_row(SECONDS, {**job._asdict(), "seeds": seeds, "seconds": round(seconds, 1)})


def read_times() -> list[JobTime]:
    """Return the times of all jobs that ran in this folder, the last one last."""
    return [
        JobTime(Job(row["stage"], row["name"]), float(row["seconds"]) / int(row["seeds"]))
        for row in rows_of_seconds(Path())
    ]


def rows_of_seconds(folder: Path) -> list[dict[str, str]]:
    """Return the rows of SECONDS in the folder of a project, the last one last."""
    if not (folder / SECONDS).exists():
        return []
    with (folder / SECONDS).open(newline="") as file:
        rows = list(csv.DictReader(file))
    return [row for row in rows if None not in row and None not in row.values()]  # A full disk cuts a row.


def estimate_seconds(job: Job, recipe: Recipe, times: Sequence[JobTime]) -> float | None:
    """Return the seconds that a job may take with a recipe; None if nothing like it ran in this folder.

    The last time of this job counts, or else the times of the same data set and method, or else those of the
    same data set. To tune is to train once for each candidate and the control.
    """
    untrained = job.stage == "pretrain" and SLOTS["pretraining"].is_default(recipe.piece("pretraining"))
    untuned = job.stage == "tune" and not recipe.candidates
    if job.stage == "prepare" or untrained or untuned:
        return 0.0
    alike = job._replace(stage="train") if job.stage == "tune" else job
    times = [time for time in times if time.job.stage == alike.stage]
    dataset = [time for time in times if time.job.names["dataset"] == job.names["dataset"]]
    method = [time for time in dataset if time.job.names["method"] == job.names["method"]]
    own = [time for time in times if time.job == alike][-1:]
    nearest = own or method or dataset
    if not nearest:
        return None
    seconds = median(time.seconds for time in nearest)
    return START + (1 + len(recipe.candidates)) * seconds * len(find_new_seeds(job, recipe))


def find_new_seeds(job: Job, recipe: Recipe) -> set[int]:
    """Return the seeds that the output does not have; all of them if it was made from another recipe."""
    seeds = set(recipe.seeds)
    if not job.made_from.exists():
        return seeds
    earlier = json.loads(job.made_from.read_text())
    had = earlier.get("seeds", [])  # The recipe of a cell that was not tuned has none.
    same = earlier == {**json.loads(json.dumps(recipe.stated)), "seeds": had}
    return seeds - set(had) if same else seeds


def format_duration(seconds: float | None) -> str:
    """Return seconds as text, in the unit that a person would choose."""
    if seconds is None:
        return "unknown"
    minutes = math.ceil(seconds / 60)
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 120 else f"{minutes / 60:.1f} h"
