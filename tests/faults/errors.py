"""The sweep of errors: the disk fails at the first use, the second, ... until the job does not notice. Each
time there is one clear line, and the next run, with a good disk, has the bytes of the reference."""

import shutil
from pathlib import Path
from typing import NamedTuple

from faults.disk import Disk
from faults.kills import Reference
from faults.life import End, Life

from uncollapse.pipeline.outputs import Job


class Swept(NamedTuple):
    """How often an error was injected into a job, and how often the job ended well all the same."""

    errors: int
    ignored: int


def sweep(reference: Reference, job: Job, step: int = 1) -> Swept:
    """Let the disk fail at use 1, 1 + `step`, ... of a job."""
    disk, n, ignored = Disk(), 1, 0
    while True:
        clear(reference.folder, job)
        end = Life(reference.folder, *job, prepare=disk.failing(reference.folder, n)).end()
        if disk.count < n:
            assert end.status == 0, f"{job}: {end.output}"
            return Swept((n - 1) // step, ignored)
        if end.status:
            assert_one_line(end, f"{job}, use {n}")
            shutil.rmtree(reference.folder / job.folder, ignore_errors=True)  # as DVC does
            end = Life(reference.folder, *job).end()
            assert end.status == 0, f"{job}, after an error at use {n}: {end.output}"
        else:
            ignored += 1
        reference.compare(job)
        n += step


def clear(folder: Path, job: Job) -> None:
    """Nothing was made yet."""
    for made in (job.cache, job.folder):
        shutil.rmtree(folder / made, ignore_errors=True)


def assert_one_line(end: End, what: str) -> None:
    """It said what is wrong and how to mend it, in one line."""
    errors = [line for line in end.output.splitlines() if line.startswith("error: ")]
    problem = f"{what}: status {end.status}, printed: {end.output}"
    assert (end.status, len(errors)) == (1, 1), problem
    assert "Traceback" not in end.output, problem
    assert "dvc repro" in errors[0], problem
