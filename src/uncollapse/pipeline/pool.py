"""The seeds of a job side by side: a process for each, at most one a core, under one progress bar."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from uncollapse.errors import UserError, explain_error
from uncollapse.experiment.recipe import Recipe
from uncollapse.files import complete
from uncollapse.pipeline.paths import DIVERGED, DONE, STARTED
from uncollapse.pipeline.watching.lifetime import end_with
from uncollapse.progress import show_rows
from uncollapse.tables import Row, write_table

CORES = "UNCOLLAPSE_CORES"  # This environment variable says how many cores a stage may use.
Progress = Callable[[Row], None]
SeedWork = Callable[[Recipe, int, Path, Progress], None]  # Called as work(recipe, seed, folder, progress).


def side_by_side(title: str, recipe: Recipe, folders: Mapping[int, Path], work: SeedWork, rows: int) -> Row:
    """Call `work` for every seed, each with its folder, and return the last row of progress.

    `work` calls `progress(row)` `rows` times. A folder whose seed was worked on to the end holds a file
    `done`. Raises the first error of a worker when the others that were at work have ended; then no further
    seed is begun.
    """
    if not folders:
        return {}
    import torch  # noqa: F401  (once for all workers; not above, so that a stage without work starts fast)

    return show_rows(stream_rows(title, recipe, folders, work), title, rows * len(folders))


def stream_rows(title: str, recipe: Recipe, folders: Mapping[int, Path], work: SeedWork) -> Iterator[Row]:
    """Yield the rows of progress of all seeds, as they come. Raises what `side_by_side` raises."""
    waiting, running = list(folders.items()), dict[Connection, BaseProcess]()
    error: Exception | None = None
    while running or (waiting and not error):
        while waiting and not error and len(running) < count_cores():
            reader, process = start_worker(work, recipe, *waiting.pop(0))
            running[reader] = process
        for reader in wait(list(running)):
            assert isinstance(reader, Connection)
            try:
                message = reader.recv()
            except EOFError:  # The worker has ended.
                message = explain_death(title, running.pop(reader))
            if isinstance(message, Exception):
                error = error or message
            elif message is not None:
                yield message
    if error:
        raise error


def start_worker(work: SeedWork, recipe: Recipe, seed: int, folder: Path) -> tuple[Connection, BaseProcess]:
    """Start a worker for one seed; return it after the end of a pipe through which its rows and error come.

    The worker is forked, so it has all that is imported here.
    """
    return fork(work_on_seed, work, recipe, seed, folder)


def fork(target: Callable[..., None], *arguments: Any) -> tuple[Connection, BaseProcess]:
    """Start a process that is given the other end of a pipe as its last argument.

    The process hears no Ctrl-C: that ends the stage, and the process ends with the stage.
    """
    context = multiprocessing.get_context("fork")
    reader, writer = context.Pipe(duplex=False)
    process = context.Process(target=target, args=(*arguments, writer), daemon=True)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # The process keeps this mask.
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    writer.close()  # So the pipe closes when the worker ends.
    return reader, process


@contextmanager
def beside(title: str, work: Callable[[], None]) -> Iterator[None]:
    """Run `work` in a process beside the block. Raises UserError at the end of the block if it failed."""
    reader, process = fork(run_in_worker, work)
    yield
    try:
        error = reader.recv()
    except EOFError:  # The process has ended.
        error = explain_death(title, process)
    if error:
        raise error


def run_in_worker(work: Callable[[], None], writer: Connection) -> None:
    """Work with one thread in a process that ends with the stage; send an error that a person can fix."""
    from uncollapse.compute.device import set_up_process

    end_with(find_stage())
    set_up_process()
    try:
        work()
    except Exception as error:
        told = explain_error(error)
        if told is None:
            raise
        writer.send(told)


def work_on_seed(work: SeedWork, recipe: Recipe, seed: int, folder: Path, writer: Connection) -> None:
    """Work on one seed, in a worker."""

    def send_row(row: Row) -> None:
        if os.getppid() != find_stage():  # The stage was just killed, so nobody reads what this sends.
            os._exit(1)
        writer.send({"seed": seed, **row})

    def work_to_the_end() -> None:
        if not (folder / STARTED).exists():  # Otherwise the seed continues.
            (folder / STARTED).touch()
        (folder / DIVERGED).unlink(missing_ok=True)
        try:
            work(recipe, seed, folder, send_row)
        except UserError as error:
            if not error.diverged:
                raise
            write_table(folder / DIVERGED, [{"epoch": error.diverged, "line": error}])
        complete(folder, DONE)

    run_in_worker(work_to_the_end, writer)


def find_stage() -> int:
    """Return the id of the process that began this worker, also if that process has ended."""
    parent = multiprocessing.parent_process()
    assert parent
    assert parent.pid
    return parent.pid


def explain_death(title: str, process: BaseProcess) -> Exception | None:
    """Return the error of a worker that ended without telling one; None if it did its work."""
    process.join()
    if not process.exitcode:
        return None
    if process.exitcode < 0:  # A signal ended it.
        return UserError(f"{title}: a worker process was killed, perhaps because memory ran out")
    return UserError(f"{title}: a worker process failed; its traceback stands above")


def count_cores() -> int:
    """Return how many cores this process may use: as many as CORES says, or else as the machine has."""
    own = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(own, int(os.environ.get(CORES) or own))
