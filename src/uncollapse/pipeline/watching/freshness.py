"""Whether an output is current: made from the recipe and the inputs as they are now.

The copy of the recipe in an output says what it was made from. dvc.lock says which inputs it had, and which
outputs were made elsewhere or lie in DVC's cache.
"""

import time
from collections.abc import Mapping
from functools import lru_cache
from hashlib import md5
from typing import Any, NamedTuple

import yaml

from uncollapse.errors import UserError
from uncollapse.experiment.cells import Cell
from uncollapse.pipeline.outputs import LOCK, Job, jobs, training

WRITING = 1.0  # seconds in which DVC has written its lock


class Condition(NamedTuple):
    """The state of an output: `ready`, `stale`, `failed`, `never run`, or `not here`.

    Not here: made, but neither pulled nor checked out. `line` is the error with which a failed one ended.
    """

    state: str
    line: str = ""


READY = Condition("ready")


def current(cell: Cell) -> bool:
    """Whether a cell was trained and measured with the recipes and data as they are now."""
    return cell_condition(cell) == READY


def cell_condition(cell: Cell, recipes: Mapping[Job, str] | None = None) -> Condition:
    """The condition of a cell, given the texts of its recipes; else of those that were written last."""
    conditions = pending(cell, recipes)
    states = {condition.state: condition for condition in reversed(conditions.values())}
    if "failed" in states:
        return states["failed"]
    if "never run" in states:
        return Condition("never run" if conditions.get(training(cell)) == states["never run"] else "stale")
    return states.get("stale") or states.get("not here") or READY


def pending(cell: Cell, recipes: Mapping[Job, str] | None = None) -> dict[Job, Condition]:
    """The jobs of a cell that are to run, in order: the first that is not ready and all after it."""
    conditions = {job: condition(job, recipes[job] if recipes else written(job)) for job in jobs(cell)}
    while conditions and next(iter(conditions.values())) == READY:
        del conditions[next(iter(conditions))]
    return conditions


def condition(job: Job, recipe: str) -> Condition:
    """The condition of a job's output, given the text of the recipe that it should be made from."""
    lock = own_lock()
    changed = str(job) in lock.jobs and not unchanged(lock, job, recipe)
    if not changed and job.made_from.exists() and job.made_from.read_text() == recipe:
        return READY
    if job.failure.exists() and written(job) == recipe:
        return Condition("failed", job.failure.read_text().strip())
    if str(job) in lock.jobs:  # made, also if an older output lies here still
        return Condition("stale" if changed else "not here")
    return Condition("stale" if job.folder.exists() else "never run")


def written(job: Job) -> str:
    """The recipe that the stage `recipes` wrote, as text; nothing if there is none."""
    return job.recipe_file.read_text() if job.recipe_file.exists() else ""


class Lock(NamedTuple):
    """A dvc.lock: its jobs by stage@name, and the digests of all outputs by path."""

    jobs: Mapping[str, Any]
    digests: Mapping[str, str | None]


def lock_entries(text: str) -> dict[str, Any]:
    """What the text of a dvc.lock says of its jobs, by stage@name. Raises UserError if it is not whole."""
    try:
        entries = yaml.load(text, yaml.CSafeLoader)["stages"]  # the loader in Python is seven times slower
        if text.endswith("\n") and all(map(whole, entries.values())):
            return entries
    except (yaml.YAMLError, AttributeError, LookupError, TypeError):
        pass
    why = "DVC is writing it, was ended while it did, or git left a conflict in it"
    mend = "if it stays so, delete it, then `dvc repro` takes what was made from its cache"
    raise UserError(f"{LOCK}: not whole: {why}; {mend}")


def whole(entry: Mapping[str, Any]) -> bool:
    """Whether a job's entry has all that is begun in it. May raise AttributeError, LookupError, TypeError."""
    params = entry.get("params", {})
    return "cmd" in entry and all(params.values()) and all(part["path"] for part in parts(entry))


def parts(entry: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What a job reads and makes."""
    return [part for kind in ("deps", "outs") for part in entry.get(kind, ())]


@lru_cache(1)
def parsed(text: str) -> Lock:
    """A dvc.lock from its text."""
    entries = lock_entries(text)
    outs = [out for entry in entries.values() for out in entry.get("outs", ())]
    return Lock(entries, {out["path"]: out.get("md5") for out in outs})


def own_lock() -> Lock:
    """That of this project; an empty one if there is none."""
    if not LOCK.exists():
        return Lock({}, {})
    try:
        return parsed(LOCK.read_text())
    except UserError:
        time.sleep(WRITING)
        return parsed(LOCK.read_text())


def committed(job: Job) -> bool:
    """Whether DVC has noted that it made a job's output from its recipe and inputs as they are now."""
    lock = own_lock()
    return str(job) in lock.jobs and unchanged(lock, job, written(job))


def unchanged(lock: Lock, job: Job, recipe: str) -> bool:
    """Whether the lock says of a job that its output was made from this recipe and the inputs of now."""
    recipe_digest = md5(recipe.encode(), usedforsecurity=False).hexdigest()
    digests = {**lock.digests, str(job.recipe_file): recipe_digest}
    return all(dep.get("md5") == digests.get(dep["path"]) for dep in lock.jobs[str(job)]["deps"])
