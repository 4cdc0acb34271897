"""Leaks: memory, open files and processes of a long training, many evaluations, and a day of `follow`."""

import csv
import gc
import os
import runpy
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
from faults.kills import Reference

from uncollapse.compute.device import set_up_process
from uncollapse.experiment.cells import Cell
from uncollapse.experiment.recipe import Recipe
from uncollapse.pipeline.job import Job
from uncollapse.pipeline.job_recipe import read_recipe
from uncollapse.pipeline.paths import HISTORY
from uncollapse.tables import append_row
from uncollapse.tracking.follow import PAUSE, follow_training

EPOCHS, EVALUATIONS, LOOKS = 500, 100, round(24 * 3600 / PAUSE)
GROWTH = 16 * 2**20  # bytes by which the memory of a process may waver
FILES = 2
CELL = Cell("mnist5k", "vae", "plain")
Tick = Callable[[Any], None]


def leaks(reference: Reference) -> None:
    """Raises AssertionError where something grows. The reference has trained and measured CELL."""
    os.chdir(reference.folder)
    Path("leaks").mkdir()
    flat("training, epochs", EPOCHS, train)
    flat("follow, looks", LOOKS, follow_for_ever)
    flat("evaluations", EVALUATIONS, evaluate)


def flat(what: str, count: int, work: Callable[[Tick], None]) -> None:
    """`work` calls its argument for ever, in a process of its own: the second half of `count` calls should
    take no more memory, files or processes than the first."""
    if child := os.fork():
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert status == 0, f"{what}: leaks, see above"
        return
    calls, before = 0, (0, 0, 0)

    def tick(_: Any) -> None:
        nonlocal calls, before
        calls += 1
        if calls == count // 2:
            before = resources()
        if calls == count:
            memory, files, children = (new - old for new, old in zip(resources(), before, strict=True))
            growth = f"{memory / 2**20:+.1f} MiB, {files:+d} open files, {children:+d} processes"
            print(f"{what}: {count}, in the second half {growth}", flush=True)
            os._exit(memory > GROWTH or files > FILES or children > 0)

    set_up_process()
    try:
        work(tick)
    finally:
        os._exit(2)


def resources() -> tuple[int, int, int]:
    """Memory in bytes, open files and children of this process."""
    gc.collect()
    process = psutil.Process()
    return process.memory_info().rss, process.num_fds(), len(process.children())


def train(tick: Tick) -> None:
    """A training without early stopping, with its checkpoints."""
    recipe = read_recipe(Job.of("train", CELL))
    endless = {"epochs": EPOCHS + 1, "batch_size": 320, "patience": None, "halving": None}
    recipe = Recipe({**recipe.stated, "training": {**recipe.training, **endless}})
    runpy.run_path("stages/train.py")["work"](recipe, 0, Path("leaks"), tick)


def evaluate(tick: Tick) -> None:
    """The same evaluation again and again."""
    recipe, work = read_recipe(Job.of("evaluate", CELL)), runpy.run_path("stages/evaluate.py")["work"]
    while True:
        work(recipe, 0, Path("leaks"), tick)


def follow_for_ever(tick: Tick) -> None:
    """`follow`, whose pauses take no time, and a run that grows at every hundredth look."""
    [folder] = Job.of("train", CELL).cache.glob("0-*")
    history, looks = folder / HISTORY, 0

    def sleep(_: float) -> None:
        nonlocal looks
        looks += 1
        if looks % 100 == 0:
            with history.open(newline="") as rows:
                last = list(csv.DictReader(rows))[-1]
            append_row(history, last | {"epoch": int(last["epoch"]) + 1, "step": int(last["step"]) + 10})
        tick(None)

    time.sleep = sleep
    follow_training("sqlite:///mlflow.db")
