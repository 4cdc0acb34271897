"""Twelve cells as processes of this machine through submitit, as Slurm would get them."""

import sqlite3
from contextlib import closing
from pathlib import Path

from conftest import GOOD, created, same_cells, summary
from project import Project


def test_cells_that_were_made_elsewhere_are_gathered(tmp_path: Path, serial: Project) -> None:
    project = created(tmp_path / "head", GOOD)
    output = project.call("uncollapse", "grid", "--on", "local")
    assert sum(": made in" in line for line in output.splitlines()) == 12 + 1, "and the pretrained encoder"
    ran = {line.split("'")[1] for line in output.splitlines() if line.startswith("Running stage")}
    assert ran == {"recipes", "calibrate", "report", "track"}, "no cell was made here"
    assert project.call("dvc", "status").strip() == "Data and pipelines are up to date."
    same_cells(project, serial, GOOD)
    assert summary(project) == summary(serial)
    with closing(sqlite3.connect(project.folder / "mlflow.db")) as database:
        runs = [name for (name,) in database.execute("select name from runs")]
    cells = [f"mnist5k-{model}-{method}" for model in GOOD for method in ("plain", "pretrained")]
    assert sorted(runs) == sorted([*cells, *(f"{cell}-0" for cell in cells)])
    assert project.call("uncollapse", "grid").splitlines()[-1] == "12 cells: 12 ready"
    again = project.call("uncollapse", "grid", "--on", "local")
    assert "Running stage" not in again
    assert "made" not in again, "nobody was asked"
