"""Attack the pipeline: `make faults`, see docs/reliability.md.

A case is one job that is killed at random moments until it is done. It is random by the seed and its number,
so a case that fails can be run again by both.
"""

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from faults import grid
from faults.disk import SHIM, with_shim
from faults.errors import sweep
from faults.full import full_disk, small_disk
from faults.kills import Reference
from faults.leaks import CELL, leaks
from faults.life import Life, warm_up
from faults.network import network
from faults.whole import Whole

from uncollapse.pipeline.job import Job

PARTS = ("kill", "whole", "errors", "full", "net", "leak")
SHORT = ("kill", "errors")


def main() -> None:
    """Run the cases, and print what was done."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--number", type=int, help="only this case")
    parser.add_argument("--kills", type=int, default=200, help="at least so many")
    parser.add_argument("--short", action="store_true", help="a few cases of each stage")
    parser.add_argument("--only", choices=PARTS, nargs="*", help="a part")
    options = parser.parse_args()
    if options.number is not None:
        options.only = ["kill"]
    # what runs in the background ignores it, and so would all that is begun here
    signal.signal(signal.SIGINT, signal.default_int_handler)
    folder = Path(tempfile.mkdtemp(prefix="faults"))  # a TemporaryDirectory would end with each forked stage
    try:
        with_shim(folder)
        print(f"seed {options.seed}", flush=True)
        warm_up()
        for part in (kill, whole, errors, full, net, leak):
            if part.__name__ in (options.only or (SHORT if options.short else PARTS)):
                part(folder / part.__name__, options)
    finally:
        shutil.rmtree(folder)


def made(folder: Path, jobs: Sequence[Job], **changes: Any) -> Reference:
    """The reference."""
    grid.create(folder, **changes)
    end = Life(folder, "recipes").end()
    assert end.status == 0, end.output
    reference, start = Reference(folder), time.monotonic()
    for job in jobs:
        reference.make(job)
    print(f"reference: {len(jobs)} jobs in {time.monotonic() - start:.0f} s", flush=True)
    return reference


def whole(folder: Path, options: argparse.Namespace) -> None:
    """The kills of `dvc repro`, of the report and of the mirror."""
    start, attacked = time.monotonic(), Whole(folder)
    print(f"reference: dvc repro in {time.monotonic() - start:.0f} s", flush=True)
    for name in ("report", "track", "dvc repro"):
        try:
            rng = random.Random(f"{options.seed} {name}")
            kinds = attacked.attack(rng, 20) if name == "dvc repro" else attacked.attack_stage(name, rng)
        except AssertionError as error:
            sys.exit(f"FAILED: make faults SEED={options.seed} ONLY=whole: {name}: {error}")
        print(f"{name}: {kinds.total()} kills {dict(sorted(kinds.items()))}", flush=True)
    print(f"Ctrl-C: {', '.join(f'{end:.1f}' for end in attacked.ends)} s; torn locks: {attacked.torn}")


def full(folder: Path, options: argparse.Namespace) -> None:
    """The disk that is full."""
    with small_disk(folder) as there:
        told = (
            f"{full_disk(folder)} times" if there else "not tried: only root on Linux may have a small disk"
        )
        print(f"full disk: {told}")


def net(folder: Path, options: argparse.Namespace) -> None:
    """The faults of the network."""
    total = network(folder, step=5 if options.short else 1)
    print(f"total: {total.total()} faults of the network {dict(total)}")


def leak(folder: Path, options: argparse.Namespace) -> None:
    """What grows in long runs."""
    jobs = [Job("prepare", CELL.dataset), *(Job(stage, str(CELL)) for stage in ("train", "evaluate"))]
    leaks(made(folder, jobs, seeds=[0], datasets=[CELL.dataset], models=[CELL.model], methods=[CELL.method]))


def errors(folder: Path, options: argparse.Namespace) -> None:
    """The sweep of errors of the disk."""
    folder.mkdir()
    jobs = grid.short(grid.jobs(grid.params()))
    reference, total = made(folder / "grid", jobs, seeds=[0], epochs=2), 0
    layer = "C library" if SHIM in os.environ else "Python, for there is no C compiler"
    most = 6 if options.short else 60
    for job in jobs:
        output, clear = partial(reference.remove_output, job), partial(reference.clear, job)
        compare = partial(reference.compare, job)
        swept = sweep(folder / "grid", job, clear=clear, remove_output=output, compare=compare, most=most)
        print(f"{job}: {swept}", flush=True)
        total += swept.errors
    if not options.short:
        attacked = Whole(folder / "whole")
        for stage in ("report", "track"):
            clear = partial(attacked.clear_stage, stage)
            output, compare = clear if stage == "report" else list, attacked.compare
            swept = sweep(
                attacked.folder, (stage,), clear=clear, remove_output=output, compare=compare, most=20
            )
            print(f"{stage}: {swept}", flush=True)
            total += swept.errors
    print(f"total: {total} errors of the disk, under the {layer}")


def kill(folder: Path, options: argparse.Namespace) -> None:
    """The kills of single jobs."""
    jobs = grid.jobs(grid.params())
    jobs = grid.short(jobs) if options.short else jobs
    reference = made(folder, jobs)
    counts = defaultdict[str, Counter[str]](Counter)
    number = -1 if options.number is None else options.number - 1
    while sum(map(Counter.total, counts.values())) < options.kills or number + 1 < len(jobs):
        number += 1
        job = jobs[number % len(jobs)]
        try:
            kinds = reference.attack(job, random.Random(f"{options.seed} {number}"))
        except AssertionError as error:
            sys.exit(f"FAILED: make faults SEED={options.seed} NUMBER={number}: {job}: {error}")
        print(f"case {number}: {job}: {dict(kinds)}", flush=True)
        counts[job.stage] += kinds
        if options.number is not None:
            break
    for stage, kinds in counts.items():
        print(f"{stage}: {kinds.total()} kills {dict(sorted(kinds.items()))}")
    total = sum(counts.values(), Counter[str]())
    print(f"total: {total.total()} kills {dict(sorted(total.items()))}, seed {options.seed}")
    if reference.ends:
        print(f"Ctrl-C: at most {max(reference.ends):.1f} s to the end of the last process")


if __name__ == "__main__":
    main()
