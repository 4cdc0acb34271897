"""What a cluster costs: `python tests/cluster/many_cells.py CELLS` prints seconds and bytes.

The pipeline is ours, with stages that only write a small file: what is measured is git, DVC and the remote,
which is a folder on this disk.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import yaml

from uncollapse.cluster import lock
from uncollapse.cluster.clone import SCRATCH, scratch
from uncollapse.cluster.unit import Order, make
from uncollapse.experiment.cells import Cell
from uncollapse.pipeline.outputs import Job, jobs

ROOT = Path(__file__).parent.parent.parent
STAGES = ("prepare", "pretrain", "train", "evaluate")
SCRIPT = 'mkdir -p "$1"; echo "$1" > "$1/out.txt"; echo {} > "$1/recipe.json"\n'
CHUNK = 40  # cells in an order that only fills the remote
SINGLE = 10  # cells that are made alone, to be timed


def create(folder: Path, cells: list[Cell]) -> None:
    """A project of these cells whose stages do nothing, and its remote beside it."""
    axes = {f"{axis}s": list(dict.fromkeys(getattr(cell, axis) for cell in cells)) for axis in Cell._fields}
    pipeline = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
    stages = {name: {**pipeline[name], "cmd": f"sh stage.sh {pipeline[name]['outs'][0]}"} for name in STAGES}
    (folder / "stages").mkdir(parents=True)
    (folder / "stages/recipes.py").write_text("")  # they are in git
    (folder / "stage.sh").write_text(SCRIPT)
    (folder / "params.yaml").write_text(yaml.safe_dump({"grid": axes}))
    (folder / "dvc.yaml").write_text(yaml.safe_dump({"stages": stages}, sort_keys=False))
    (folder / ".gitignore").write_text("/data\n/pretrained\n/runs\n/metrics\n/.work\n")
    for job in {job for cell in cells for job in jobs(cell)}:
        file = folder / job.recipe_file
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{job}\n")
    call(folder, "git", "init", "--quiet")
    call(folder, "dvc", "init", "--quiet")
    call(folder, "dvc", "remote", "add", "--default", "storage", str(folder.with_name("remote")))
    call(folder, "git", "add", "--all")
    author = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
    call(folder, "git", *author, "commit", "--quiet", "--message", "state")


def call(folder: Path, *command: str) -> str:
    """The output of a command."""
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


def say(line: str) -> None:
    """Print it; what units print is left out."""
    print(line, file=sys.__stdout__, flush=True)


def seconds(work: Callable[[], Any]) -> float:
    """How long it takes."""
    start = time.monotonic()
    work()
    return time.monotonic() - start


def main(number: int, folder: Path) -> None:
    """Everything, for a grid of about so many cells."""
    cells = [
        Cell(f"d{d}", f"m{m}", f"k{k}")
        for k in range(max(number // 40, 1))
        for d in range(5)
        for m in range(8)
    ]
    head, remote = folder / "head", folder / "remote"
    create(head, cells)
    commit = call(head, "git", "rev-parse", "HEAD").strip()
    entries: dict[str, Any] = {}

    def unit(cells: list[Cell]) -> None:
        wanted: list[Job] = list(dict.fromkeys(job for cell in cells for job in jobs(cell)))
        outcome = make(Order(wanted, commit, str(head), 1, {}))
        assert not outcome.failed, outcome.line
        entries.update(outcome.lock)

    unit(cells[:1])
    say(f"{len(cells)} cells")
    begun = 1
    for workers in (1, 2):
        alone = [[cell] for cell in cells[begun : begun + SINGLE]]
        with ThreadPoolExecutor(workers) as pool:
            took = seconds(lambda: list(pool.map(unit, alone)))  # noqa: B023
        say(f"a cell that does nothing, {workers} at a time: {took / SINGLE:.1f} s")
        begun += SINGLE
    for start in range(begun, len(cells), CHUNK):
        unit(cells[start : start + CHUNK])
    size = sum(file.stat().st_size for file in remote.rglob("*") if file.is_file())
    say(f"bytes in the remote, a cell: {size / len(cells):.0f}, in files of the run cache and directories")
    say(f"a look-up in a clone that is there: {seconds(lambda: unit(cells[1:2])):.1f} s")
    shutil.rmtree(scratch())
    say(f"a look-up in a new clone: {seconds(lambda: unit(cells[2:3])):.1f} s")
    say(f"the entries of all into dvc.lock: {seconds(lambda: lock.add(head, entries)):.1f} s")
    say(f"bytes of dvc.lock, a cell: {(head / 'dvc.lock').stat().st_size / len(cells):.0f}")
    say(f"dvc pull, with these entries: {seconds(lambda: call(head, 'dvc', 'pull', '--allow-missing')):.0f} s")
    say(f"dvc repro --pull after it: {seconds(lambda: call(head, 'dvc', 'repro', '--pull')):.0f} s")
    if number <= 200:
        other = folder / "other"
        call(folder, "git", "clone", "--quiet", str(head), str(other))
        say(f"dvc repro --pull without these entries: {seconds(lambda: call(other, 'dvc', 'repro', '--pull')):.0f} s")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name, redirect_stdout(StringIO()):
        os.environ |= {SCRATCH: f"{name}/scratch", "DVC_NO_ANALYTICS": "1"}
        main(int(sys.argv[1]), Path(name))
