"""The cache of seeds: what each seed of a job has made is kept, outside of DVC's outputs.

A seed works in a folder whose name holds a digest of all that determines its result. So a stage that was
killed goes on where it was, and a new seed does not train the old ones again. A stage that DVC runs again
although it delivered exactly this before, and DVC has noted it, was forced to run: then everything is made
anew.
"""

import fcntl
import hashlib
import json
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from uncollapse.errors import UserError
from uncollapse.files import NEW, write_whole
from uncollapse.pipeline.outputs import (
    CHECKPOINT,
    DELIVERED,
    DIVERGED,
    DONE,
    RECIPE,
    TAKEN,
    Job,
    Recipe,
    per_seed,
)
from uncollapse.pipeline.pool import Work, side_by_side
from uncollapse.pipeline.watching.freshness import committed
from uncollapse.pipeline.watching.times import note_time
from uncollapse.progress import format_row
from uncollapse.tables import read_table

Inputs = Callable[[int], Iterable[Path]]  # the files that a seed reads
PATIENCE = 30.0  # seconds in which the workers of a stage that was killed end for sure


def each_seed(job: Job, inputs: Inputs, work: Work, rows: int) -> None:
    """Work on every seed of the recipe, and gather the seeds' folders in the output.

    `work` calls `progress(row)` at most `rows` times, for the progress bar. `history.csv` of each seed's
    folder becomes rows of `history.csv` in the output, with a column `seed`; `weights.safetensors` becomes
    `weights-<seed>.safetensors`. A seed may end without weights, because its training diverged. Raises
    UserError if all did, and where another process is at work on the job.
    """
    with alone(job):
        make_seeds(job, inputs, work, rows)


@contextmanager
def alone(job: Job) -> Iterator[None]:
    """Nobody else works on a job in this folder meanwhile, neither a second stage nor the workers of one
    that was killed: they hold its lock, too, as long as they live."""
    job.cache.mkdir(parents=True, exist_ok=True)
    end = time.monotonic() + PATIENCE
    with (job.cache / TAKEN).open("w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > end:
                    raise UserError(f"{job} is being made by another process; wait until it ends") from None
                time.sleep(0.1)
        yield


def make_seeds(job: Job, inputs: Inputs, work: Work, rows: int) -> None:
    """The work of `each_seed`."""
    recipe, title = job.recipe, f"{job.stage} {job.name}"
    folders = {seed: job.seed_folder(seed, key(recipe, inputs(seed))) for seed in recipe["seeds"]}
    delivered, delivery = job.cache / DELIVERED, json.dumps(contents(folders, inputs))
    if delivered.exists() and delivered.read_text() == delivery and committed(job):  # DVC was forced
        delivered.unlink()
        remove_others(job.cache, {})
    unfinished = {seed: folder for seed, folder in folders.items() if not (folder / DONE).exists()}
    for folder in unfinished.values():
        folder.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    last = side_by_side(title, recipe, unfinished, work, rows)
    if unfinished:
        note_time(job, len(unfinished), time.monotonic() - start)
    diverged = [line for folder in folders.values() if (line := divergence(folder))]
    if diverged and len(diverged) == len(folders):
        for folder in folders.values():
            (folder / DONE).unlink()  # it is tried again, from the last epoch before
        raise UserError(diverged[0])
    for line in diverged:
        print(f"{line}; the other seeds count without it")
    gather(folders, job.folder)
    remove_others(job.cache, folders)
    write_whole(delivered, delivery)
    numbers = "  ".join(f"{name} {value}" for name, value in format_row(last).items())
    print(f"{title}: seeds {', '.join(map(str, folders))} ({len(unfinished)} made now)  {numbers}".rstrip())


def divergence(folder: Path) -> str:
    """The line of a seed whose training diverged; nothing if it did not."""
    file = folder / DIVERGED
    return read_table(file)[0]["line"] if file.exists() else ""


def key(recipe: Recipe, inputs: Iterable[Path]) -> str:
    """A digest of what determines a seed's result: the recipe without its list of seeds, and the inputs."""
    digest = hashlib.sha256(json.dumps({**recipe, "seeds": None}, sort_keys=True).encode())
    for file in inputs:
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:16]


def contents(folders: Mapping[int, Path], inputs: Inputs) -> list[list[str]]:
    """What an output will be made of: the seeds' folders by name, and the recipes of all inputs."""
    # that of a data set stands above the folders of its splits
    recipes = {above / RECIPE for seed in folders for file in inputs(seed) for above in file.parents}
    return [
        [folder.name for folder in folders.values()],
        sorted(file.read_text() for file in recipes if file.exists()),
    ]


def gather(folders: Mapping[int, Path], output: Path) -> None:
    """Copy what the seeds made into a job's output, and remove what a kill has left beside it."""
    output.mkdir(parents=True, exist_ok=True)
    (output / DIVERGED).unlink(missing_ok=True)  # of an earlier recipe, where DVC does not run this
    tables: dict[str, list[str]] = {}
    for seed, folder in folders.items():
        # the last are files that safetensors was writing
        for left in (folder / CHECKPOINT, *folder.glob(f"*{NEW}"), *folder.glob(".tmp*")):
            left.unlink(missing_ok=True)
        for file in sorted(folder.iterdir()):
            if file.suffix == ".csv":
                header, *rows = file.read_text().splitlines()
                tables.setdefault(file.name, [f"seed,{header}"]).extend(f"{seed},{row}" for row in rows)
            elif file.suffix:  # not STARTED, DONE
                shutil.copyfile(file, output / per_seed(file.name, seed))
    for name, rows in tables.items():
        (output / name).write_text("\n".join(rows) + "\n")


def remove_others(cache: Path, folders: Mapping[int, Path]) -> None:
    """Remove folders of seeds or recipes that are no longer asked for."""
    for folder in cache.iterdir():
        if folder.is_dir() and folder not in folders.values():
            (folder / DONE).unlink(missing_ok=True)  # first: a kill may leave the rest
            shutil.rmtree(folder)
