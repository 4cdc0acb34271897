"""The cache of seeds: keep what each seed of a job has made, outside of DVC's outputs.

A seed works in a folder whose name holds a digest of all that determines its result. So a stage that was
killed continues where it was, and a new seed does not train the old ones again. If DVC reruns a stage whose
output is already up to date in dvc.lock, the user passed --force: then the cache is discarded, and everything
is made anew.
"""

import fcntl
import json
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from uncollapse.errors import UserError
from uncollapse.experiment.recipe import fingerprint
from uncollapse.files import NEW, write_whole
from uncollapse.pipeline.job import Job
from uncollapse.pipeline.job_recipe import read_recipe
from uncollapse.pipeline.paths import CHECKPOINT, DELIVERED, DIVERGED, DONE, RECIPE, TAKEN, name_for_seed
from uncollapse.pipeline.pool import SeedWork, side_by_side
from uncollapse.pipeline.watching.freshness import is_committed
from uncollapse.pipeline.watching.times import note_time
from uncollapse.progress import format_row
from uncollapse.tables import read_table

InputFiles = Callable[[int], Iterable[Path]]  # Returns the files that a seed reads.
PATIENCE = 30.0  # Within so many seconds the workers of a killed stage have ended.


def each_seed(job: Job, inputs: InputFiles, work: SeedWork, rows: int) -> None:
    """Work on every seed of the recipe, and gather the seeds' folders in the output.

    `work` calls `progress(row)` at most `rows` times, for the progress bar. `history.csv` of each seed's
    folder becomes rows of `history.csv` in the output, with a column `seed`; `weights.safetensors` becomes
    `weights-<seed>.safetensors`. A seed may end without weights, because its training diverged. Raises
    UserError if all seeds did, or if another process is at work on the job.
    """
    with lock_job(job):
        make_seeds(job, inputs, work, rows)


@contextmanager
def lock_job(job: Job) -> Iterator[None]:
    """Hold the lock of a job, so that neither a second stage nor the workers of a killed one work on it.

    Workers inherit the lock when they are forked, and hold it as long as they live: flock promises that. The
    package filelock promises nothing about a process that is forked while it holds a lock.
    """
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


def make_seeds(job: Job, inputs: InputFiles, work: SeedWork, rows: int) -> None:
    """Do the work of `each_seed`, under the lock of the job."""
    recipe, title = read_recipe(job), f"{job.stage} {job.name}"
    folders = {seed: job.seed_folder(seed, fingerprint(recipe.stated, inputs(seed))) for seed in recipe.seeds}
    delivered, delivery = job.cache / DELIVERED, json.dumps(describe_delivery(folders, inputs))
    if delivered.exists() and delivered.read_text() == delivery and is_committed(job):  # DVC was forced.
        delivered.unlink()
        remove_others(job.cache, {})
    unfinished = {seed: folder for seed, folder in folders.items() if not (folder / DONE).exists()}
    for folder in unfinished.values():
        folder.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    last = side_by_side(title, recipe, unfinished, work, rows)
    if unfinished:
        note_time(job, len(unfinished), time.monotonic() - start)
    diverged = [line for folder in folders.values() if (line := read_divergence(folder))]
    if diverged and len(diverged) == len(folders):
        for folder in folders.values():
            (folder / DONE).unlink()  # The seed is tried again, from the last epoch before.
        raise UserError(diverged[0])
    for line in diverged:
        print(f"{line}; the other seeds count without it")
    gather_seeds(folders, job.folder)
    remove_others(job.cache, folders)
    write_whole(delivered, delivery)
    numbers = "  ".join(f"{name} {value}" for name, value in format_row(last).items())
    print(f"{title}: seeds {', '.join(map(str, folders))} ({len(unfinished)} made now)  {numbers}".rstrip())


def read_divergence(folder: Path) -> str:
    """Return the line of a seed whose training diverged; an empty one if it did not."""
    file = folder / DIVERGED
    return read_table(file)[0]["line"] if file.exists() else ""


def describe_delivery(folders: Mapping[int, Path], inputs: InputFiles) -> list[list[str]]:
    """Return what an output will be made of: the seeds' folders by name, and the recipes of all inputs."""
    # The recipe of a data set stands above the folders of its splits.
    recipes = {above / RECIPE for seed in folders for file in inputs(seed) for above in file.parents}
    return [
        [folder.name for folder in folders.values()],
        sorted(file.read_text() for file in recipes if file.exists()),
    ]


def gather_seeds(folders: Mapping[int, Path], output: Path) -> None:
    """Copy what the seeds made into a job's output, and remove what a kill has left beside it."""
    output.mkdir(parents=True, exist_ok=True)
    (output / DIVERGED).unlink(missing_ok=True)  # DVC removes that of an earlier recipe; others do not.
    tables: dict[str, list[str]] = {}
    for seed, folder in folders.items():
        # The last pattern is that of files which safetensors was writing.
        for left in (folder / CHECKPOINT, *folder.glob(f"*{NEW}"), *folder.glob(".tmp*")):
            left.unlink(missing_ok=True)
        for file in sorted(folder.iterdir()):
            if file.suffix == ".csv":
                header, *rows = file.read_text().splitlines()
                tables.setdefault(file.name, [f"seed,{header}"]).extend(f"{seed},{row}" for row in rows)
            elif file.suffix:  # The marks STARTED and DONE have none.
                shutil.copyfile(file, output / name_for_seed(file.name, seed))
    for name, rows in tables.items():
        (output / name).write_text("\n".join(rows) + "\n")


def remove_others(cache: Path, folders: Mapping[int, Path]) -> None:
    """Remove the folders of seeds and recipes that are no longer asked for."""
    for folder in cache.iterdir():
        if folder.is_dir() and folder not in folders.values():
            (folder / DONE).unlink(missing_ok=True)  # This comes first, because a kill may leave the rest.
            shutil.rmtree(folder)
