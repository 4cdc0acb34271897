"""All seeds of a job side by side, one worker process a core, one thread each."""

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

from tqdm import tqdm

from uncollapse.errors import UserError
from uncollapse.pipeline.outputs import Recipe
from uncollapse.pipeline.tables import Row

Work = Callable[[Recipe, int, Path, Callable[[Row], None]], None]
SHOWN = ("epoch", "elbo", "kl", "beta", "active_units", "loss", "accuracy", "mi", "nll")


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
        ProcessPoolExecutor(
            min(cores, len(seeds)), context, initializer=begin, initargs=(told, os.getpid())
        ) as pool,
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
                        raise UserError(
                            f"{title}: a worker process died, perhaps for want of memory"
                        ) from None
    return last


tell: Callable[[Row], None]  # in a worker: puts a row into the parent's queue


def begin(queue: Any, parent: int) -> None:
    """Set up a worker: torch, and where to tell rows."""
    from uncollapse.device import set_up

    set_up()

    def put(row: Row) -> None:
        if os.getppid() != parent:  # the stage was killed: nobody waits for this
            os._exit(1)
        queue.put(row)

    global tell
    tell = put


def one(work: Work, recipe: Recipe, seed: int, folder: Path) -> None:
    """One seed, in a worker."""
    work(recipe, seed, folder, tell)
    (folder / "done").touch()
