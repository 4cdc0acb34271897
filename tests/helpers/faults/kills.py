"""Kills at random moments: a job is killed again and again until it is done, and must have the bytes of one
that nobody killed."""

import csv
import random
import shutil
from collections import Counter
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from faults.life import KINDS, Life, assert_told, lock_is_free

from uncollapse.pipeline import checkpoint
from uncollapse.pipeline.job import Job
from uncollapse.pipeline.paths import TAKEN

MOST = 8  # kills of one job in one case
EPOCHS = "epochs.csv"  # written by the attacked: folder, life, epoch
Digests = dict[str, str]


def digests(folder: Path) -> Digests:
    """The files of a folder, and digests of their bytes."""
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return {str(file.relative_to(folder)): sha256(file.read_bytes()).hexdigest() for file in files}


class Reference:
    """What the jobs make where nobody kills them, and how long that takes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bytes, self.seconds, self.listed = (
            dict[Job, Digests](),
            dict[Job, float](),
            dict[Job, set[str]](),
        )
        self.ends = list[float]()  # seconds from Ctrl-C to the end of the last process

    def make(self, job: Job) -> None:
        """Make a job once, uninterrupted."""
        life = Life(self.folder, *job)
        end = life.end()
        assert end.status == 0, f"{job}: {end.output}"
        self.seconds[job] = end.seconds
        self.bytes[job] = digests(self.folder / job.folder)
        self.listed[job] = set(digests(self.folder / job.cache))

    def attack(self, job: Job, rng: random.Random) -> Counter[str]:
        """Kill a job at random moments until it is done; returns the kills by kind."""
        kinds = Counter[str]()
        log = self.folder / EPOCHS
        log.unlink(missing_ok=True)
        self.clear(job)
        while True:
            self.remove_output(job)
            life = Life(self.folder, *job, prepare=noting(sum(kinds.values())))
            if sum(kinds.values()) == MOST:
                end = life.end()
            else:
                kinds_here = KINDS[1:] if job.stage == "prepare" else KINDS  # it has no workers
                end = life.attacked(rng.choice(kinds_here), rng.uniform(0, 0.5 * self.seconds[job]), rng)
            if end.kind is None:
                break
            kinds[end.kind] += 1
            assert_told(end, end.kind)
            if end.kind == "interrupt":
                self.ends.append(end.seconds)
        assert end.status == 0, f"{job}, after {dict(kinds)}: {end.output}"
        self.compare(job)
        if job.stage in ("train", "pretrain"):
            assert_no_epoch_is_lost(log)
        return kinds

    def clear(self, job: Job) -> None:
        """Nothing was made of a job yet."""
        self.remove_output(job)
        shutil.rmtree(self.folder / job.cache, ignore_errors=True)

    def remove_output(self, job: Job) -> None:
        """As DVC does before it runs a stage."""
        shutil.rmtree(self.folder / job.folder, ignore_errors=True)

    def compare(self, job: Job) -> None:
        """The job's output has the reference's bytes, and nothing is left that was not there before."""
        made = digests(self.folder / job.folder)
        other = {
            name for name in made.keys() | self.bytes[job] if made.get(name) != self.bytes[job].get(name)
        }
        assert not other, f"{job}: not the bytes of the reference: {sorted(other)}"
        left = set(digests(self.folder / job.cache)) ^ self.listed[job]
        assert not left, f"{job}: left over or lost: {sorted(left)}"
        if TAKEN in self.listed[job]:
            assert lock_is_free(self.folder / job.cache / TAKEN), job


def noting(life: int) -> Callable[[], None]:
    """Have this process note each epoch of (pre)training when it was computed, before it is saved."""
    add = checkpoint.Checkpoint.add

    def noted(self: checkpoint.Checkpoint, row: dict[str, float], state: dict[str, object]) -> None:
        with Path(EPOCHS).open("a") as log:
            log.write(f"{self.file.parent.name},{life},{row['epoch']}\n")
        add(self, row, state)

    def patch() -> None:
        checkpoint.Checkpoint.add = noted

    return patch


def assert_no_epoch_is_lost(log: Path) -> None:
    """Every life of a seed begins with the epoch after the last one, or repeats that one."""
    last = dict[str, tuple[str, int]]()
    with log.open(newline="") as rows:
        for folder, life, text in csv.reader(rows):
            before, epoch = last.get(folder, ("", 0)), int(text)
            allowed = (before[1] + 1,) if life == before[0] else (before[1], before[1] + 1)
            assert epoch in allowed, f"{folder}: epoch {epoch} in life {life} after {before}"
            last[folder] = life, epoch
