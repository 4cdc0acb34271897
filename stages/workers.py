"""All seeds of a stage side by side, one worker process a core, one thread each; and how a stage tells of mistakes.

What a seed has made is kept in `.work/<stage>/<name>/<seed>-<key>/`, outside of DVC's outputs; the key is of all that determines it:
a killed stage goes on where it was, and a new seed does not train the old ones again. A stage that DVC runs again although
it delivered exactly this before was forced to: then everything is made anew.
"""

import csv
import ctypes
import json
import multiprocessing
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

from state import SECONDS, Recipe, append_row, failure, key
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from uncollapse.pieces import UserError

Row = Mapping[str, Any]
Work = Callable[[Recipe, int, Path, Callable[[Row], None]], None]
SHOWN = ("epoch", "elbo", "kl", "beta", "active_units", "loss", "accuracy", "mi", "nll")


def run(main: Callable[..., None]) -> None:
    """Run a stage with what stands on its command line; a UserError becomes one line on stderr, and in `.work/failed`, and exit code 1.

    Linear algebra gets one thread here and in the workers: scikit-learn's in two workers of two threads each took twice the time.
    """
    threadpool_limits(1)
    keep_memory()
    failed = failure(Path(sys.argv[0]).stem, "-".join(sys.argv[1:]))
    failed.unlink(missing_ok=True)
    try:
        main(*sys.argv[1:])
    except UserError as error:
        failed.parent.mkdir(parents=True, exist_ok=True)
        failed.write_text(f"{error}\n")
        sys.exit(f"error: {error}")


def keep_memory() -> None:
    """Keep large arrays that were freed for the next of their kind. The C library of Linux would give each back to the system and have it
    zeroed page by page at the next step: a step of the LSTM takes 1.4 times as long."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        most, trim = -4, -1  # M_MMAP_MAX, M_TRIM_THRESHOLD of malloc.h
        mallopt(most, 0)
        mallopt(trim, 2**31 - 1)


def recipe_of(stage: str, name: str) -> Recipe:
    """The recipe that the stage `recipes` wrote."""
    return json.loads((Path("recipes") / stage / f"{name}.json").read_text())


def each_seed(
    stage: str, name: str, recipe: Recipe, inputs: Callable[[int], Iterable[Path]], work: Work, rows: int, output: Path
) -> None:
    """Call `work(recipe, seed, folder, tell)` for every seed of the recipe and gather what it writes into `output`.

    `inputs(seed)` are the files that it reads. It calls `tell(row)` `rows` times, for the progress bar. Of each seed's folder, `<name>.csv`
    becomes rows of `output/<name>.csv`, any other `<name>.<ending>` becomes `output/<name>-<seed>.<ending>`. The recipe stands
    beside them, so that one can tell whose they are.
    """
    store = Path(".work") / stage / name
    seeds: list[int] = recipe["seeds"]
    # a worker that outlived a killed stage writes under its own key, where nobody looks
    folders = {seed: store / f"{seed}-{key(recipe, inputs(seed))}" for seed in seeds}
    made_from = {file.parent / "recipe.json" for seed in seeds for file in inputs(seed)}
    wanted = [folder.name for folder in folders.values()]
    now = [wanted, sorted(file.read_text() for file in made_from if file.exists())]
    delivered = store / "delivered.json"
    if delivered.exists() and json.loads(delivered.read_text()) == now:
        shutil.rmtree(store)
    for folder in folders.values():
        folder.mkdir(parents=True, exist_ok=True)
    todo = {seed: folder for seed, folder in folders.items() if not (folder / "done").exists()}
    start = time.monotonic()
    last = side_by_side(f"{stage} {name}", recipe, todo, work, rows)
    if todo:
        spent = {"seeds": len(todo), "seconds": round(time.monotonic() - start, 1)}
        append_row(SECONDS, {"stage": stage, "name": name, **spent})
    gather(folders, output)
    (output / "recipe.json").write_text(json.dumps(recipe, indent=2) + "\n")
    for folder in store.iterdir():
        if folder.is_dir() and folder.name not in wanted:
            shutil.rmtree(folder)
    delivered.write_text(json.dumps(now))
    numbers = "  ".join(f"{what} {last[what]:.4g}" for what in SHOWN if what in last)
    print(f"{stage} {name}: seeds {', '.join(map(str, seeds))} ({len(todo)} made now)  {numbers}".rstrip())


def side_by_side(title: str, recipe: Recipe, seeds: dict[int, Path], work: Work, rows: int) -> Row:
    """Work on seeds, each in its folder, in worker processes under one progress bar; returns the last row that was told."""
    if not seeds:
        return {}
    import torch  # noqa: F401  (once, for all workers; not above, so that a stage without work starts fast)

    # a forked worker has all that is imported here; tqdm's monitor would be a thread, and those do not fork
    tqdm.monitor_interval = 0
    context = multiprocessing.get_context("fork")
    told = context.SimpleQueue()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    last: Row = {}
    with (
        tqdm(total=rows * len(seeds), desc=title, disable=None, dynamic_ncols=True) as bar,
        ProcessPoolExecutor(min(cores, len(seeds)), context, initializer=begin, initargs=(told, os.getpid())) as pool,
    ):
        pending = {pool.submit(one, work, recipe, seed, folder) for seed, folder in seeds.items()}
        while pending or not told.empty():
            done, pending = wait(pending, timeout=0.1)
            while not told.empty():
                last = told.get()
                bar.set_postfix({what: f"{last[what]:.4g}" for what in SHOWN if what in last}, refresh=False)
                bar.update()
            for future in done:
                if future.exception() is not None:
                    pool.shutdown(wait=False, cancel_futures=True)
                    try:
                        future.result()
                    except BrokenProcessPool:
                        raise UserError(f"{title}: a worker process died, perhaps for want of memory") from None
    return last


tell: Callable[[Row], None]  # in a worker: puts a row into the parent's queue


def begin(queue: Any, parent: int) -> None:
    """Set up a worker: torch, and where to tell rows."""
    alone()

    def put(row: Row) -> None:
        if os.getppid() != parent:  # the stage was killed: nobody waits for this
            os._exit(1)
        queue.put(row)

    global tell
    tell = put


def alone() -> None:
    """Set up torch in this process: one thread, for more of them get in each other's way; and no denormal numbers, to which the moments
    of weights without a gradient decay, and with which Adam takes nine times as long."""
    import torch

    torch.set_num_threads(1)
    torch.set_flush_denormal(True)


def one(work: Work, recipe: Recipe, seed: int, folder: Path) -> None:
    """One seed, in a worker."""
    work(recipe, seed, folder, tell)
    (folder / "done").touch()


def write_table(file: Path, rows: Sequence[Row]) -> None:
    """Rows as a CSV file."""
    with file.open("w", newline="") as out:
        writer = csv.DictWriter(out, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def last_row(file: Path, seed: int) -> dict[str, str]:
    """The last row of a seed in a table that `each_seed` gathered."""
    with file.open(newline="") as rows:
        return [row for row in csv.DictReader(rows) if row["seed"] == str(seed)][-1]


def gather(folders: Mapping[int, Path], output: Path) -> None:
    """Copy what the seeds made into a stage's output."""
    output.mkdir(parents=True, exist_ok=True)
    tables: dict[str, list[str]] = {}
    for seed, folder in folders.items():
        for file in sorted(folder.iterdir()):
            if file.suffix == ".csv":
                header, *rows = file.read_text().splitlines()
                tables.setdefault(file.name, [f"seed,{header}"]).extend(f"{seed},{row}" for row in rows)
            elif file.suffix:
                shutil.copyfile(file, output / f"{file.stem}-{seed}{file.suffix}")
    for name, rows in tables.items():
        (output / name).write_text("\n".join(rows) + "\n")
