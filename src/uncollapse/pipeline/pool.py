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

from uncollapse.errors import UserError, mendable
from uncollapse.files import complete
from uncollapse.pipeline.outputs import DIVERGED, DONE, STARTED, Recipe
from uncollapse.pipeline.watching.lifetime import end_with
from uncollapse.progress import show_rows
from uncollapse.tables import Row, write_table

CORES = "UNCOLLAPSE_CORES"  # the environment variable that says how many cores a stage may use
Progress = Callable[[Row], None]
Work = Callable[[Recipe, int, Path, Progress], None]  # work(recipe, seed, folder, progress)


def side_by_side(title: str, recipe: Recipe, folders: Mapping[int, Path], work: Work, rows: int) -> Row:
    """Call `work` for every seed, each with its folder; returns the last row of progress.

    `work` calls `progress(row)` `rows` times. A folder whose seed was worked on to the end holds a file
    `done`. Raises the first error of a worker when the others that were at work have ended; then no further
    seed is begun.
    """
    if not folders:
        return {}
    import torch  # noqa: F401  (once, for all workers; not above, so that a stage without work starts fast)

    return show_rows(progress_of_all(title, recipe, folders, work), title, rows * len(folders))


def progress_of_all(title: str, recipe: Recipe, folders: Mapping[int, Path], work: Work) -> Iterator[Row]:
    """The rows of progress of all seeds, as they come. Raises as `side_by_side` does."""
    waiting, running = list(folders.items()), dict[Connection, BaseProcess]()
    error: Exception | None = None
    while running or (waiting and not error):
        while waiting and not error and len(running) < cores():
            reader, process = start(work, recipe, *waiting.pop(0))
            running[reader] = process
        for reader in wait(list(running)):
            assert isinstance(reader, Connection)
            try:
                message = reader.recv()
            except EOFError:  # the worker has ended
                message = death(title, running.pop(reader))
            if isinstance(message, Exception):
                error = error or message
            elif message is not None:
                yield message
    if error:
        raise error


def start(work: Work, recipe: Recipe, seed: int, folder: Path) -> tuple[Connection, BaseProcess]:
    """A worker for one seed, and the end of a pipe through which its rows and its error come.

    It is forked: it has all that is imported here.
    """
    return fork(work_on, work, recipe, seed, folder)


def fork(target: Callable[..., None], *arguments: Any) -> tuple[Connection, BaseProcess]:
    """A process that is given the other end of a pipe as its last argument.

    It hears no Ctrl-C: that ends the stage, and the process ends with it.
    """
    context = multiprocessing.get_context("fork")
    reader, writer = context.Pipe(duplex=False)
    process = context.Process(target=target, args=(*arguments, writer), daemon=True)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # the process keeps it
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    writer.close()  # so that the worker's end closes when the worker ends
    return reader, process


@contextmanager
def beside(title: str, work: Callable[[], None]) -> Iterator[None]:
    """`work` in a process of its own, beside what is done inside. Raises UserError if it failed."""
    reader, process = fork(set_up_for, work)
    yield
    try:
        error = reader.recv()
    except EOFError:  # it has ended
        error = death(title, process)
    if error:
        raise error


def set_up_for(work: Callable[[], None], writer: Connection) -> None:
    """Work in a worker, which ends with the stage: one thread; an error that a person can mend is sent."""
    from uncollapse.compute.device import set_up_process

    end_with(stage())
    set_up_process()
    try:
        work()
    except Exception as error:
        told = mendable(error)
        if told is None:
            raise
        writer.send(told)


def work_on(work: Work, recipe: Recipe, seed: int, folder: Path, writer: Connection) -> None:
    """One seed, in a worker."""

    def progress(row: Row) -> None:
        if os.getppid() != stage():  # the stage was killed, just now: nobody reads what this sends
            os._exit(1)
        writer.send({"seed": seed, **row})

    def whole() -> None:
        if not (folder / STARTED).exists():  # else it goes on
            (folder / STARTED).touch()
        (folder / DIVERGED).unlink(missing_ok=True)
        try:
            work(recipe, seed, folder, progress)
        except UserError as error:
            if not error.diverged:
                raise
            write_table(folder / DIVERGED, [{"epoch": error.diverged, "line": error}])
        complete(folder, DONE)

    set_up_for(whole, writer)


def stage() -> int:
    """The process that began this worker, also if it has ended."""
    parent = multiprocessing.parent_process()
    assert parent
    assert parent.pid
    return parent.pid


def death(title: str, process: BaseProcess) -> Exception | None:
    """The error of a worker that ended without telling one; None if it did its work."""
    process.join()
    if not process.exitcode:
        return None
    if process.exitcode < 0:  # by a signal
        return UserError(f"{title}: a worker process died, perhaps for want of memory")
    return UserError(f"{title}: a worker process failed, see its traceback above")


def cores() -> int:
    """How many cores this process may use: those of CORES, or else of the machine."""
    own = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(own, int(os.environ.get(CORES) or own))
