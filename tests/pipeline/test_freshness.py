"""Conditions: an output is current if its recipe and its inputs are."""

import subprocess
from hashlib import md5
from pathlib import Path

import pytest
import yaml

from uncollapse.experiment.cells import Cell
from uncollapse.experiment.stages import STAGES
from uncollapse.pipeline.job import Job, list_jobs
from uncollapse.pipeline.paths import LOCK
from uncollapse.pipeline.watching.freshness import Condition, find_cell_condition, is_current
from uncollapse.pipeline.watching.git import is_edited, read_commit

CELL = Cell("toy", "vae", "plain")


@pytest.fixture
def finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Job]:
    """The jobs of a cell whose outputs are there, made without DVC."""
    monkeypatch.chdir(tmp_path)
    for job in list_jobs(CELL):
        for file in (job.recipe_file, job.made_from):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"{job}\n")
    return list_jobs(CELL)


def lock(finished: list[Job], **digests: str) -> None:
    """Write a dvc.lock in which all jobs are; `digests` are those of outputs, by stage."""
    entries = {}
    for job in finished:
        recipe = {"path": str(job.recipe_file), "md5": md5(job.recipe_file.read_bytes()).hexdigest()}
        read = [Job.of(stage, CELL) for stage in STAGES[job.stage].reads]
        inputs = [{"path": str(earlier.folder), "md5": "same"} for earlier in read]
        outs = [{"path": str(job.folder), "md5": digests.get(job.stage, "same")}]
        entries[str(job)] = {"cmd": "python", "deps": [recipe, *inputs], "outs": outs}
    LOCK.write_text(yaml.safe_dump({"schema": "2.0", "stages": entries}))


def remove(job: Job) -> None:
    job.made_from.unlink()
    job.folder.rmdir()


@pytest.mark.parametrize("locked", [True, False], ids=["with DVC", "without DVC"])
def test_a_cell_is_ready_if_all_its_outputs_were_made_from_the_recipes_of_now(
    finished: list[Job], locked: bool
) -> None:
    if locked:
        lock(finished)
    assert is_current(CELL)
    assert find_cell_condition(CELL).state == "ready"
    for job in finished:
        recipe = job.recipe_file.read_text()
        job.recipe_file.write_text("another\n")
        assert find_cell_condition(CELL).state == "stale"
        assert not is_current(CELL)
        job.recipe_file.write_text(recipe)
    assert is_current(CELL)
    others = {job: f"{job}, edited\n" for job in finished}
    assert find_cell_condition(CELL, others).state == "stale", "the recipes that params.yaml would give now"


def test_an_output_of_other_inputs_is_stale(finished: list[Job]) -> None:
    lock(finished, prepare="prepared again from other raw files")
    assert find_cell_condition(CELL).state == "stale"


def test_an_output_that_was_removed_is_here_no_longer_if_dvc_has_it(finished: list[Job]) -> None:
    lock(finished)
    for job in finished:
        remove(job)
        assert find_cell_condition(CELL).state == "not here"
    LOCK.unlink()
    assert find_cell_condition(CELL).state == "never run"


def test_a_trained_cell_that_was_not_measured_is_stale_and_not_never_run(finished: list[Job]) -> None:
    remove(finished[4])
    assert find_cell_condition(CELL).state == "stale"
    remove(finished[3])
    assert find_cell_condition(CELL).state == "never run"


def test_a_failure_counts_for_the_recipe_that_failed(finished: list[Job]) -> None:
    failure = finished[3].failure
    failure.parent.mkdir(parents=True)
    failure.write_text("training diverged\n")
    assert is_current(CELL), "it was made since, elsewhere"
    remove(finished[3])
    assert find_cell_condition(CELL) == Condition("failed", "training diverged")
    others = {job: f"{job}, edited\n" for job in finished}
    assert find_cell_condition(CELL, others).state == "never run", "that was another recipe"


def test_the_commit_and_whether_its_code_was_edited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    read_commit.cache_clear()
    assert (read_commit(), is_edited()) == ("", False)
    who = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
    Path("params.yaml").write_text("a: 1\n")
    for command in (["init"], ["add", "--all"], [*who, "commit", "--message", "state"]):
        subprocess.run(["git", *command], check=True, capture_output=True)
    Path("notes.md").write_text("no number comes from this")
    read_commit.cache_clear()
    assert (len(read_commit()), is_edited()) == (40, False)
    Path("params.yaml").write_text("a: 2\n")
    assert is_edited()
