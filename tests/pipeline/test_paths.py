"""Paths: the tables of stages and files say what dvc.yaml says, and nothing else spells a path."""

import ast
from pathlib import Path
from typing import Any

import yaml

from uncollapse.data import files as data_files
from uncollapse.experiment import stages
from uncollapse.experiment.cells import Cell
from uncollapse.experiment.stages import STAGES
from uncollapse.pipeline import paths
from uncollapse.pipeline.job import Job
from uncollapse.pipeline.paths import CALIBRATION, MLFLOW, PUBLISHED, RECIPES, REPORT, recipe_file

ROOT = Path(__file__).parent.parent.parent
HOMES = (stages, data_files, paths)  # of the names of files and folders
DVC = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
CELL = Cell("${item.dataset}", "${item.model}", "${item.method}")


def paths_of(entries: list[Any], key: str = "") -> set[Path]:
    """Return the paths of outputs or dependencies of a stage in dvc.yaml; some have settings."""
    names = [next(iter(entry)) if isinstance(entry, dict) else entry for entry in entries]
    return {Path(name.replace("${key}", key)) for name in names}


def test_dvc_yaml_has_the_stages_of_the_table_and_those_of_the_whole_grid() -> None:
    assert DVC.keys() == {*STAGES, "recipes", "calibrate", "report", "track"}


def test_dvc_yaml_has_what_the_table_says_of_every_job() -> None:
    for name, stage in STAGES.items():
        job, entry = Job.of(name, CELL), DVC[name]
        assert entry["matrix"] == {axis: f"${{grid.{axis}s}}" for axis in stage.axes}
        assert entry["cmd"] == f"python stages/{name}.py ${{key}}"
        assert paths_of(entry["outs"], job.name) == {job.folder}
        read = {Job.of(earlier, CELL).folder for earlier in stage.reads}
        assert paths_of(entry["deps"], job.name) == {job.recipe_file, *read}


def test_a_stage_reads_only_what_stages_before_it_write() -> None:
    before: list[str] = []
    for name, stage in STAGES.items():
        assert {*stage.reads} <= {*before}
        before.append(name)


def test_dvc_yaml_has_the_paths_of_the_whole_grid() -> None:
    report, track = DVC["report"], DVC["track"]
    trained, measured = STAGES["train"].folder, STAGES["evaluate"].folder
    assert paths_of(DVC["recipes"]["outs"]) == {RECIPES}
    assert paths_of(DVC["calibrate"]["outs"]) == {CALIBRATION}
    assert paths_of(DVC["calibrate"]["deps"]) == {recipe_file("calibrate")}
    assert paths_of([*report["outs"], *report["metrics"]]) == {*PUBLISHED, REPORT}
    recipes = {recipe_file("report"), recipe_file("grid")}
    read = {CALIBRATION, STAGES["prepare"].folder, trained, measured}
    assert paths_of(report["deps"]) == recipes | read
    assert paths_of(track["outs"]) == {MLFLOW}
    recipes = {recipe_file("track"), recipe_file("grid")}
    assert paths_of(track["deps"]) == recipes | {STAGES["prepare"].folder, trained, measured, REPORT}
    for name in ("recipes", "calibrate", "report", "track"):
        assert DVC[name]["cmd"] == f"python stages/{name}.py"


def test_no_other_module_spells_a_path() -> None:
    values = [value for home in HOMES for name, value in vars(home).items() if name.isupper()]
    values += [stage.folder for stage in STAGES.values()]
    found = [path for value in values for path in (value if isinstance(value, tuple) else [value])]
    names = {str(path) for path in found} | {path.name for path in found if isinstance(path, Path)}
    names = {name for name in names if "." in name or "/" in name}
    assert {"history.csv", "metrics/cells", "mlflow.db", "summary.csv"} <= names
    homes = {Path(home.__file__).resolve() for home in HOMES}
    for folder in ("src", "stages"):
        for file in set((ROOT / folder).rglob("*.py")) - homes:
            constants = [
                node.value for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Constant)
            ]
            assert not names.intersection(value for value in constants if isinstance(value, str)), file
