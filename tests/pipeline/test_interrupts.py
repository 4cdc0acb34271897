"""`dvc repro` that is interrupted, killed, begun twice, or may not write: one line, and then it goes on."""

import os
import signal
import subprocess
import time
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from dvc.schema import COMPILED_LOCKFILE_SCHEMA
from project import ROOT, Project, reproduced
from server import wait_for

from uncollapse.errors import UserError
from uncollapse.pipeline.watching.freshness import parse_entries

CELL = "mnist5k-control_vae-plain"
EPOCHS = 60
SHELLS = [path for path in ("/bin/sh", "/bin/bash") if Path(path).exists()]


@pytest.fixture
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """One whose cells are to be trained for longer."""
    project, _ = reproduced(tmp_path_factory)
    project.params["datasets"]["mnist5k"]["training"]["epochs"] = EPOCHS
    project.params["grid"]["methods"] = ["plain", "skip"]
    project.write()
    project.repro("recipes")
    return project


def begin(project: Project, *options: str, shell: str = "/bin/sh") -> subprocess.Popen[str]:
    """`dvc repro` in a process group of its own, as a terminal has it, when it trains.

    DVC runs a stage through the person's shell: bash makes way for the stage, sh may wait for it.
    """
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    hear = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # also where the tests run in the background
    process = subprocess.Popen(
        ["dvc", "repro", *options, "train"],
        cwd=project.folder,
        env={**project.environment, "SHELL": shell},
        start_new_session=True,
        preexec_fn=hear,
        **pipes,
    )
    wait_for(lambda: epochs(project) >= 2 or process.poll() is not None)
    return process


def epochs(project: Project) -> int:
    """How many epochs the seed that is furthest has behind it."""
    histories = project.folder.glob(f".work/train/{CELL}/*/history.csv")
    return max((file.read_text().count("\n") - 1 for file in histories if not done(file)), default=0)


def done(history: Path) -> bool:
    return (history.parent / "done").exists()


def assert_trained(project: Project) -> None:
    """It goes on, and then every seed has every epoch once."""
    project.repro(f"train@{CELL}")
    table = pd.read_csv(project.folder / "runs" / CELL / "history.csv")
    for seed in (0, 1):
        assert table[table["seed"] == seed]["epoch"].tolist() == list(range(1, EPOCHS + 1))


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("options", [(), ("--keep-going",)], ids=["repro", "keep-going"])
def test_ctrl_c_ends_all_with_one_line(project: Project, options: tuple[str, ...], shell: str) -> None:
    process = begin(project, *options, shell=shell)
    start = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=120)  # until the last process has let go of it
    print(f"Ctrl-C: {time.monotonic() - start:.1f} s to the end of the last process")
    assert process.returncode != 0
    line = f"train {CELL} was interrupted; `dvc repro` goes on from here"
    after = output.splitlines()[output.splitlines().index(line) + 1 :]
    assert "Traceback" not in output
    assert not [text for text in after if text.startswith("Running stage")], "DVC does not go on"
    assert_trained(project)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_stage_ends_with_its_dvc(project: Project, shell: str) -> None:
    process = begin(project, shell=shell)
    process.kill()
    output, _ = process.communicate(timeout=120)
    assert "Traceback" not in output
    before = epochs(project)
    assert 0 < before < EPOCHS, "it was not trained to its end"
    assert_trained(project)


def test_two_at_once(project: Project) -> None:
    first = begin(project)
    second = project.call("dvc", "repro", f"train@{CELL}", fails=True)
    assert [line for line in second.splitlines() if line.startswith("ERROR")], second
    assert "is busy, it is being blocked by" in second
    assert "Traceback" not in second
    output, _ = first.communicate(timeout=600)
    assert first.returncode == 0, output
    assert_trained(project)


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only for root")
def test_a_folder_that_may_not_be_written(project: Project) -> None:
    folder = project.folder / ".work/train"
    folder.chmod(0o500)
    output = project.call("dvc", "repro", f"train@{CELL}", fails=True)
    folder.chmod(0o700)
    [line] = [line for line in output.splitlines() if line.startswith("error: ")]
    assert line.endswith("Permission denied; make it writable, then `dvc repro` goes on from here")
    assert "Traceback" not in output
    assert_trained(project)


def test_a_lock_that_dvc_left_in_half(tmp_path_factory: pytest.TempPathFactory) -> None:
    project, _ = reproduced(tmp_path_factory)
    lock = project.folder / "dvc.lock"
    before = lock.read_text()
    lock.write_text(before[: len(before) // 2])
    assert "dvc.lock" in project.call("dvc", "repro", fails=True)
    assert "delete the file; then `dvc repro`" in project.call("uncollapse", "check", fails=True)
    lock.unlink()
    stages, lines = project.repro()
    assert not [stage for stage in stages if stage.startswith(("prepare", "pretrain", "train", "evaluate"))]
    assert lines == [], "what was made comes back from DVC's cache"


def test_a_lock_that_is_cut_anywhere_is_told_or_is_one_for_dvc() -> None:
    text = (ROOT / "dvc.lock").read_text()
    text, told = text[: text.index("  train@")], 0
    for end in [*range(60), *range(60, len(text), 211)]:
        try:
            parse_entries(text[:end])
        except UserError:
            told += 1
        else:
            COMPILED_LOCKFILE_SCHEMA(yaml.safe_load(text[:end]))
    assert told > 60
