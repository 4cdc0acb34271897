"""What a cluster costs: `python tests/cluster/many_cells.py CELLS` prints seconds and bytes.

The pipeline is ours, with stages that only write a small file: what is measured is git, DVC and the remote,
which is a folder on this disk.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from hashlib import md5
from io import StringIO
from pathlib import Path
from typing import Any

import yaml

from uncollapse.cluster import lock
from uncollapse.cluster.clone import SCRATCH, find_scratch
from uncollapse.cluster.unit import Order, make_order
from uncollapse.experiment.cells import Cell
from uncollapse.pipeline.job import Job, list_jobs

ROOT = Path(__file__).parent.parent.parent
STAGES = ("prepare", "pretrain", "tune", "train", "evaluate")
SCRIPT = 'mkdir -p "$1"; echo "$1" > "$1/out.txt"; echo {} > "$1/recipe.json"\n'
FEW = 40  # cells that units make, all of them
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
    (folder / ".gitignore").write_text("/data\n/pretrained\n/tuned\n/runs\n/metrics\n/.work\n")
    for job in {job for cell in cells for job in list_jobs(cell)}:
        file = folder / job.recipe_file
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{job}\n")
    call(folder, "git", "init", "--quiet")
    call(folder, "dvc", "init", "--quiet")
    call(folder, "dvc", "remote", "add", "--default", "storage", str(folder.with_name("remote")))
    call(folder, "git", "add", "--all")
    author = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
    call(folder, "git", *author, "commit", "--quiet", "--message", "state")


def fill(remote: Path, cells: list[Cell], entries: dict[str, Any]) -> None:
    """Put into the remote and the entries what units would have put there for all other cells.

    By hand, because units would take hours; what units did make is compared with it. Only the keys of the run
    cache are made up.
    """
    pipeline = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
    run = next((remote / "runs").rglob("*/*/*")).read_text()
    for job in dict.fromkeys(job for cell in cells for job in list_jobs(cell)):
        out = {"path": str(job.folder), "hash": "md5", **stored(remote, str(job.folder))}
        recipe = {"path": str(job.recipe_file), "hash": "md5", **described(f"{job}\n")}
        dataset, method = job.name.split("-")[0], job.name.split("-")[-1]
        paths = [
            dep.replace("${key}", job.name)
            .replace("${item.dataset}", dataset)
            .replace("${item.method}", method)
            for dep in pipeline[job.stage]["deps"][1:]
        ]
        deps = [{"path": path, "hash": "md5", **stored(remote, path)} for path in paths]
        deps = sorted([recipe, *deps], key=lambda dep: dep["path"])
        made = {"cmd": f"sh stage.sh {job.folder}", "deps": deps, "outs": [out]}
        assert entries.setdefault(str(job), made) == made, (entries[str(job)], made)
        key = md5(str(job).encode()).hexdigest() * 2
        entry = remote / f"runs/{key[:2]}/{key}/{key}"
        entry.parent.mkdir(parents=True, exist_ok=True)
        entry.write_text(run)


def stored(remote: Path, path: str) -> dict[str, Any]:
    """What an output is to DVC, which is put into the remote."""
    contents = {"out.txt": f"{path}\n", "recipe.json": "{}\n"}
    listed = [{"md5": described(text)["md5"], "relpath": name} for name, text in contents.items()]
    folder = described(json.dumps(listed))
    for text, ending in [(json.dumps(listed), ".dir"), *((text, "") for text in contents.values())]:
        digest = described(text)["md5"]
        file = remote / f"files/md5/{digest[:2]}/{digest[2:]}{ending}"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return {"md5": f"{folder['md5']}.dir", "size": sum(map(len, contents.values())), "nfiles": 2}


def described(text: str) -> dict[str, Any]:
    """What a file is to DVC."""
    return {"md5": md5(text.encode()).hexdigest(), "size": len(text)}


def size(file: Path) -> int:
    """Bytes of a file."""
    return file.stat().st_size


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
        wanted: list[Job] = list(dict.fromkeys(job for cell in cells for job in list_jobs(cell)))
        outcome = make_order(Order(wanted, commit, str(head), 1, {}))
        assert not outcome.failed, outcome.line
        entries.update(outcome.lock)

    unit(cells[:1])
    say(f"{len(cells)} cells")
    begun = 1
    for workers in (1, 2):
        alone = [[cell] for cell in cells[begun : begun + SINGLE]]
        start = time.monotonic()
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(unit, alone))
        say(f"a cell that does nothing, {workers} at a time: {(time.monotonic() - start) / SINGLE:.1f} s")
        begun += SINGLE
    files = [file for file in remote.rglob("*") if file.is_file()]
    say(f"in the remote, a cell: {len(files) / begun:.0f} files, {sum(map(size, files)) / begun:.0f} bytes")
    if len(cells) <= FEW:
        unit(cells)
    else:
        fill(remote, cells, entries)
    say(f"a look-up in a clone that is there: {seconds(lambda: unit(cells[1:2])):.1f} s")
    shutil.rmtree(find_scratch())
    say(f"a look-up in a new clone: {seconds(lambda: unit(cells[2:3])):.1f} s")
    say(f"the entries of all into dvc.lock: {seconds(lambda: lock.add_entries(head, entries)):.1f} s")
    say(f"bytes of dvc.lock, a cell: {(head / 'dvc.lock').stat().st_size / len(cells):.0f}")
    say(
        f"dvc pull, with these entries: {seconds(lambda: call(head, 'dvc', 'pull', '--allow-missing')):.0f} s"
    )
    say(f"dvc repro --pull after it: {seconds(lambda: call(head, 'dvc', 'repro', '--pull')):.0f} s")
    if len(cells) <= FEW:
        other = folder / "other"
        call(folder, "git", "clone", "--quiet", str(head), str(other))
        alone = seconds(lambda: call(other, "dvc", "repro", "--pull"))
        say(f"dvc repro --pull without these entries: {alone:.0f} s")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name, redirect_stdout(StringIO()):
        os.environ |= {SCRATCH: f"{name}/scratch", "DVC_NO_ANALYTICS": "1"}
        main(int(sys.argv[1]), Path(name))
