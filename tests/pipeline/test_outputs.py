"""Paths and conditions: dvc.yaml repeats the paths; an output is current if its recipe and its inputs are."""

import ast
import subprocess
from hashlib import md5
from pathlib import Path
from typing import Any

import pytest
import yaml

from uncollapse.data import files as part_files
from uncollapse.experiment.cells import Cell
from uncollapse.pipeline import outputs, published
from uncollapse.pipeline.outputs import LOCK, Job, jobs
from uncollapse.pipeline.watching.freshness import Condition, cell_condition, current
from uncollapse.pipeline.watching.git import commit, edited

ROOT = Path(__file__).parent.parent.parent
CELL = Cell("toy", "vae", "plain")
HOMES = (outputs, part_files, published)  # of paths
INPUTS = {0: [], 1: [0], 2: [0, 1], 3: [0, 1, 2], 4: [0, 3]}  # by position in jobs(cell)


def paths(entries: list[Any], key: str = "") -> set[Path]:
    """The paths of outputs or dependencies of a stage in dvc.yaml; some have settings."""
    names = [next(iter(entry)) if isinstance(entry, dict) else entry for entry in entries]
    return {Path(name.replace("${key}", key)) for name in names}


def test_dvc_yaml_has_the_paths_of_every_job() -> None:
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
    every = jobs(Cell("${item.dataset}", "${item.model}", "${item.method}"))
    for i, job in enumerate(every):
        stage = stages[job.stage]
        key = "-".join(f"${{item.{axis}}}" for axis in stage["matrix"])
        assert (key, stage["cmd"]) == (job.name, f"python stages/{job.stage}.py ${{key}}")
        assert paths(stage["outs"], key) == {job.folder}
        assert paths(stage["deps"], key) == {job.recipe_file, *(every[input_].folder for input_ in INPUTS[i])}


def test_dvc_yaml_has_the_paths_of_the_whole_grid() -> None:
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
    report = stages["report"]
    assert paths(stages["recipes"]["outs"]) == {outputs.RECIPES}
    assert paths(stages["calibrate"]["outs"]) == {published.CALIBRATION}
    assert paths(stages["calibrate"]["deps"]) == {outputs.recipe_file("calibrate")}
    assert paths([*report["outs"], *report["metrics"]]) == {
        published.SUMMARY,
        published.COMPARISON,
        published.CURVES,
        published.TRAJECTORIES,
        published.CELL_MEANS,
        published.SUMMARY_MEANS,
        published.ANSWERS_FIGURE,
        published.EARLY,
        published.EARLY_FIGURE,
        published.COLLAPSE_FIGURE,
        published.GAINS_FIGURE,
        published.CONTRAST_FIGURE,
        published.RESULTS,
        outputs.REPORT,
    }
    folders = {outputs.FOLDERS[stage] for stage in ("prepare", "train", "evaluate")}
    assert paths(report["deps"]) >= {published.CALIBRATION, *folders}
    assert paths(stages["track"]["outs"]) == {outputs.MLFLOW}
    assert paths(stages["track"]["deps"]) >= {
        outputs.FOLDERS["train"],
        outputs.FOLDERS["evaluate"],
        outputs.REPORT,
    }


def test_no_other_module_spells_a_path() -> None:
    values = [value for home in HOMES for name, value in vars(home).items() if name.isupper()]
    paths = [path for value in values for path in (value.values() if isinstance(value, dict) else [value])]
    names = {str(path) for path in paths} | {path.name for path in paths if isinstance(path, Path)}
    names = {name for name in names if "." in name or "/" in name}
    assert {"history.csv", "metrics/cells", "mlflow.db", "summary.csv"} <= names
    homes = {Path(home.__file__).resolve() for home in HOMES}
    for folder in ("src", "stages"):
        for file in set((ROOT / folder).rglob("*.py")) - homes:
            constants = [
                node.value for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Constant)
            ]
            assert not names.intersection(value for value in constants if isinstance(value, str)), file


@pytest.fixture
def finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Job]:
    """The jobs of a cell whose outputs are there, made without DVC."""
    monkeypatch.chdir(tmp_path)
    for job in jobs(CELL):
        for file in (job.recipe_file, job.made_from):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"{job}\n")
    return jobs(CELL)


def lock(finished: list[Job], **digests: str) -> None:
    """Write a dvc.lock in which all jobs are; `digests` are those of outputs, by stage."""
    entries = {}
    for i, job in enumerate(finished):
        recipe = {"path": str(job.recipe_file), "md5": md5(job.recipe_file.read_bytes()).hexdigest()}
        inputs = [{"path": str(finished[position].folder), "md5": "same"} for position in INPUTS[i]]
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
    assert current(CELL)
    assert cell_condition(CELL).state == "ready"
    for job in finished:
        recipe = job.recipe_file.read_text()
        job.recipe_file.write_text("another\n")
        assert cell_condition(CELL).state == "stale"
        assert not current(CELL)
        job.recipe_file.write_text(recipe)
    assert current(CELL)
    others = {job: f"{job}, edited\n" for job in finished}
    assert cell_condition(CELL, others).state == "stale", "the recipes that params.yaml would give now"


def test_an_output_of_other_inputs_is_stale(finished: list[Job]) -> None:
    lock(finished, prepare="prepared again from other raw files")
    assert cell_condition(CELL).state == "stale"


def test_an_output_that_was_removed_is_here_no_longer_if_dvc_has_it(finished: list[Job]) -> None:
    lock(finished)
    for job in finished:
        remove(job)
        assert cell_condition(CELL).state == "not here"
    LOCK.unlink()
    assert cell_condition(CELL).state == "never run"


def test_a_trained_cell_that_was_not_measured_is_stale_and_not_never_run(finished: list[Job]) -> None:
    remove(finished[4])
    assert cell_condition(CELL).state == "stale"
    remove(finished[3])
    assert cell_condition(CELL).state == "never run"


def test_a_failure_counts_for_the_recipe_that_failed(finished: list[Job]) -> None:
    failure = finished[3].failure
    failure.parent.mkdir(parents=True)
    failure.write_text("training diverged\n")
    assert current(CELL), "it was made since, elsewhere"
    remove(finished[3])
    assert cell_condition(CELL) == Condition("failed", "training diverged")
    others = {job: f"{job}, edited\n" for job in finished}
    assert cell_condition(CELL, others).state == "never run", "that was another recipe"


def test_the_commit_and_whether_its_code_was_edited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    commit.cache_clear()
    assert (commit(), edited()) == ("", False)
    who = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
    Path("params.yaml").write_text("a: 1\n")
    for command in (["init"], ["add", "--all"], [*who, "commit", "--message", "state"]):
        subprocess.run(["git", *command], check=True, capture_output=True)
    Path("notes.md").write_text("no number comes from this")
    commit.cache_clear()
    assert (len(commit()), edited()) == (40, False)
    Path("params.yaml").write_text("a: 2\n")
    assert edited()
