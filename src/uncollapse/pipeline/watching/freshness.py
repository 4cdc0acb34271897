"""Find out whether an output is current: made from the recipe and the inputs as they are now.

The copy of the recipe in an output says what the output was made from. dvc.lock says which inputs it had, and
which outputs were made elsewhere or lie in DVC's cache.
"""

import time
from collections.abc import Mapping
from functools import lru_cache
from hashlib import md5
from typing import Any, NamedTuple

import yaml

from uncollapse.errors import UserError
from uncollapse.experiment.cells import Cell
from uncollapse.pipeline.job import Job, list_jobs
from uncollapse.pipeline.paths import LOCK

WRITING = 1.0  # DVC writes its lock within so many seconds.


class Condition(NamedTuple):
    """The state of an output: `ready`, `stale`, `failed`, `never run`, or `not here`.

    An output that is not here was made, but neither pulled nor checked out. `line` is the error with which a
    failed job ended.
    """

    state: str
    line: str = ""


READY = Condition("ready")


def is_current(cell: Cell) -> bool:
    """Return whether a cell was trained and measured with the recipes and data as they are now."""
    return find_cell_condition(cell) == READY


def find_cell_condition(cell: Cell, recipes: Mapping[Job, str] | None = None) -> Condition:
    """Return the condition of a cell for the texts of its recipes, or else for those written last."""
    conditions = find_pending(cell, recipes)
    states = {condition.state: condition for condition in reversed(conditions.values())}
    if "failed" in states:
        return states["failed"]
    if "never run" in states:
        untrained = conditions.get(Job.of("train", cell)) == states["never run"]
        return Condition("never run" if untrained else "stale")
    return states.get("stale") or states.get("not here") or READY


def find_pending(cell: Cell, recipes: Mapping[Job, str] | None = None) -> dict[Job, Condition]:
    """Return the jobs of a cell that are to run, in order: the first that is not ready and all after it."""
    texts = recipes or {job: read_written(job) for job in list_jobs(cell)}
    conditions = {job: find_condition(job, texts[job]) for job in list_jobs(cell)}
    while conditions and next(iter(conditions.values())) == READY:
        del conditions[next(iter(conditions))]
    return conditions


def find_condition(job: Job, recipe: str) -> Condition:
    """Return the condition of a job's output, given the text of the recipe that it should be made from."""
    lock = read_lock()
    changed = str(job) in lock.jobs and not is_unchanged(lock, job, recipe)
    if not changed and job.made_from.exists() and job.made_from.read_text() == recipe:
        return READY
    if job.failure.exists() and read_written(job) == recipe:
        return Condition("failed", job.failure.read_text().strip())
    if str(job) in lock.jobs:  # It was made, though an older output may still lie here.
        return Condition("stale" if changed else "not here")
    return Condition("stale" if job.folder.exists() else "never run")


def read_written(job: Job) -> str:
    """Return the text of the recipe that the stage `recipes` wrote; an empty one if there is none."""
    return job.recipe_file.read_text() if job.recipe_file.exists() else ""


class DvcLock(NamedTuple):
    """A dvc.lock: its jobs by stage@name, and the digests of all outputs by path."""

    jobs: Mapping[str, Any]
    digests: Mapping[str, str | None]


def parse_entries(text: str) -> dict[str, Any]:
    """Return the entries of a dvc.lock by stage@name. Raises UserError if its text is not whole."""
    try:
        entries = yaml.load(text, yaml.CSafeLoader)["stages"]  # The loader in Python is seven times slower.
        if text.endswith("\n") and all(map(is_whole, entries.values())):
            return entries
    except (yaml.YAMLError, AttributeError, LookupError, TypeError):
        pass
    why = "DVC is writing it, was ended while it did, or git left a conflict in it"
    fix = "if that does not pass, delete the file; then `dvc repro` takes what was made from its cache"
    raise UserError(f"{LOCK}: not whole: {why}; {fix}")


def is_whole(entry: Mapping[str, Any]) -> bool:
    """Return whether a job's entry is complete. May raise AttributeError, LookupError, TypeError."""
    params = entry.get("params", {})
    return "cmd" in entry and all(params.values()) and all(part["path"] for part in list_parts(entry))


def list_parts(entry: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return what a job reads and makes."""
    return [part for kind in ("deps", "outs") for part in entry.get(kind, ())]


@lru_cache(1)
def parse_lock(text: str) -> DvcLock:
    """Return a dvc.lock from its text."""
    entries = parse_entries(text)
    outs = [out for entry in entries.values() for out in entry.get("outs", ())]
    return DvcLock(entries, {out["path"]: out.get("md5") for out in outs})


def read_lock() -> DvcLock:
    """Return the lock of this project; an empty one if there is none."""
    if not LOCK.exists():
        return DvcLock({}, {})
    try:
        return parse_lock(LOCK.read_text())
    except UserError:
        time.sleep(WRITING)
        return parse_lock(LOCK.read_text())


def is_committed(job: Job) -> bool:
    """Return whether DVC has noted that it made a job's output from its recipe and inputs as they are now."""
    lock = read_lock()
    return str(job) in lock.jobs and is_unchanged(lock, job, read_written(job))


def is_unchanged(lock: DvcLock, job: Job, recipe: str) -> bool:
    """Return whether the lock says that a job's output was made from this recipe and the inputs of now."""
    recipe_digest = md5(recipe.encode(), usedforsecurity=False).hexdigest()
    digests = {**lock.digests, str(job.recipe_file): recipe_digest}
    return all(dep.get("md5") == digests.get(dep["path"]) for dep in lock.jobs[str(job)]["deps"])
