"""The whole pipeline with real DVC: `dvc repro` is killed again and again until all is made; and the report
and the mirror in MLflow, which need all cells, one by one."""

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import psutil
import yaml
from faults.kills import MOST, Digests, digests
from faults.life import HUNG, KINDS, End, Life, assert_told
from project import Project

from uncollapse.errors import UserError
from uncollapse.experiment.stages import STAGES
from uncollapse.pipeline.paths import LOCK, METRICS, MLFLOW, RECIPES, REPORT, WORK
from uncollapse.pipeline.watching.freshness import parse_entries

FOLDERS = (RECIPES, METRICS, REPORT, *(stage.folder for stage in STAGES.values()))
WITH_DVC = (*KINDS, "dvc")
MADE = ("track", "report")  # stages that the attacks on single jobs leave out
RUNS = "select run_uuid, name, status from runs where lifecycle_stage = 'active'"
OF_RUN = {
    "params": "select key, value from params where run_uuid = ?",
    "metrics": "select key, step, value from metrics where run_uuid = ?",
    "tags": "select key, value from tags where run_uuid = ? and key not in ('mlflow.parentRunId', 'live')",
}


def mirrored(store_file: Path, artifacts: Path) -> dict[str, Any]:
    """What a store holds: of each run, once, its status, params, points, tags and files."""
    found = dict[str, Any]()
    with closing(sqlite3.connect(store_file)) as store:
        for run, name, status in store.execute(RUNS).fetchall():
            assert name not in found, f"{name} is there twice"
            rows = {table: sorted(map(str, store.execute(query, [run]))) for table, query in OF_RUN.items()}
            files = [digests(path) for path in artifacts.glob(f"*/{run}/artifacts")]
            found[name] = {"status": status, "files": files, **rows}
    return found


class Whole:
    """A project with what its stages make where nobody kills them."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.project = Project(folder, warm=False)
        self.project.params["grid"]["seeds"] = [0, 1]
        for dataset in self.project.params["datasets"].values():
            dataset["training"] |= {"epochs": 40, "batch_size": 100}
        self.project.create()
        self.folder, self.ends, self.torn = folder, list[float](), 0
        self.project.repro()
        self.bytes, self.runs = self.made(), self.mirrored()

    def mirrored(self) -> dict[str, Any]:
        """What its store holds."""
        return mirrored(self.folder / MLFLOW, self.folder / "mlruns")

    def made(self) -> Digests:
        """The files of all outputs."""
        return {
            f"{folder}/{name}": text
            for folder in FOLDERS
            for name, text in digests(self.folder / folder).items()
        }

    def clear(self) -> None:
        """Back to a clone in which nothing was made yet."""
        for made in (*FOLDERS, WORK, "mlruns", ".dvc/cache", ".dvc/tmp"):
            shutil.rmtree(self.folder / made, ignore_errors=True)
        for made in (LOCK, MLFLOW):
            (self.folder / made).unlink(missing_ok=True)
        (self.folder / METRICS).mkdir()

    def attack(self, rng: random.Random, most: int) -> Counter[str]:
        """Kill `dvc repro` so many times, from the start again when all is made; the kills by kind."""
        kinds, end = Counter[str](), None
        while kinds.total() < most or (end and end.kind):
            if end is None or end.kind is None:
                self.clear()
            kind = WITH_DVC[kinds.total() % len(WITH_DVC)] if kinds.total() < most else None
            end = self.repro(kind, rng.uniform(1, 6), rng)
            if end.kind:
                kinds[end.kind] += 1
                self.check(end)
            else:
                assert end.status == 0, f"dvc repro, after {dict(kinds)}: {end.output}"
                self.compare()
        return kinds

    def repro(self, kind: str | None = None, delay: float = 0, rng: random.Random | None = None) -> End:
        """`dvc repro`, with a kill after a delay if there is a kind."""
        rng = rng or random.Random()
        command = ["dvc", "repro", *(["--keep-going"] if kind == "interrupt" and rng.random() < 0.5 else [])]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "start_new_session": True}
        process = subprocess.Popen(command, cwd=self.folder, env=self.project.environment, text=True, **pipes)
        if kind:
            with suppress(subprocess.TimeoutExpired):
                process.wait(delay)
            kind = kill(process, kind, rng)
        begun = time.monotonic()
        try:
            output, _ = process.communicate(timeout=None if kind is None else HUNG)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise AssertionError(f"{kind}: a process was left behind") from None
        return End(kind if process.returncode else None, output, process.returncode, time.monotonic() - begun)

    def check(self, end: End) -> None:
        """A killed `dvc repro` says what was, and leaves a lock that can be read."""
        if end.kind == "interrupt":
            self.ends.append(end.seconds)
        else:  # DVC may be interrupted in its imports, which Python tells in its own way
            assert "Traceback" not in end.output, f"{end.kind}: {end.output}"
        self.restore_lock()

    def restore_lock(self) -> None:
        """Delete a lock that DVC left in half, as it writes it in place; what was made comes back from its
        cache."""
        lock = self.folder / LOCK
        if lock.exists():
            try:
                parse_entries(lock.read_text())
            except UserError:
                lock.unlink()
                self.torn += 1

    def compare(self) -> None:
        """All is as it was made the first time."""
        made = self.made()
        other = sorted(name for name in made.keys() | self.bytes if made.get(name) != self.bytes.get(name))
        assert not other, f"not the bytes of the reference: {other}"
        assert self.mirrored() == self.runs, "MLflow holds something else"

    def attack_stage(self, stage: str, rng: random.Random) -> Counter[str]:
        """Kill the report, or the mirror, until it is done."""
        kinds = Counter[str]()
        self.clear_stage(stage)
        while True:
            if stage == "report":
                self.clear_stage(stage)  # as DVC does; MLflow's store stays
            life = Life(self.folder, stage)
            if kinds.total() == MOST:
                end = life.end()
            else:
                end = life.attacked(rng.choice(KINDS[1:]), rng.uniform(0, 3), rng)
            if end.kind is None:
                break
            kinds[end.kind] += 1
            assert_told(end, end.kind)
        assert end.status == 0, f"{stage}, after {dict(kinds)}: {end.output}"
        self.compare()
        return kinds

    def clear_stage(self, stage: str) -> None:
        """Remove what a stage has made."""
        if stage == "track":
            (self.folder / MLFLOW).unlink(missing_ok=True)
            shutil.rmtree(self.folder / "mlruns", ignore_errors=True)
            return
        entry = yaml.safe_load((self.folder / "dvc.yaml").read_text())["stages"][stage]
        for out in (*entry["outs"], *entry["metrics"]):
            path = self.folder / (next(iter(out)) if isinstance(out, dict) else out)
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


def kill(process: subprocess.Popen[str], kind: str, rng: random.Random) -> str | None:
    """Kill DVC, the stage that it runs, or one of its workers; None if all was over before."""
    if kind == "interrupt" and process.poll() is None:
        os.killpg(process.pid, signal.SIGINT)
        return kind
    while process.poll() is None:
        with suppress(psutil.NoSuchProcess):
            stages = [
                child
                for child in psutil.Process(process.pid).children()
                if "stages/" in " ".join(child.cmdline())
            ]
            workers = [worker for stage in stages for worker in stage.children()]
            ours = {"dvc": [psutil.Process(process.pid)], "stage": stages, "worker": workers}[kind]
            targets = [target for target in ours if target.status() != psutil.STATUS_ZOMBIE]
            if targets:
                os.kill(rng.choice(targets).pid, signal.SIGKILL)
                return kind
        time.sleep(0.01)
    return None
