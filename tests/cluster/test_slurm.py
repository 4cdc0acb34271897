"""Four cells as jobs of a real Slurm, where there is one."""

import shutil
from pathlib import Path

import pytest
from conftest import created, same_cells
from project import Project


def test_cells_are_jobs_of_slurm(tmp_path: Path, serial: Project) -> None:
    if not shutil.which("sbatch"):
        pytest.skip("needs Slurm's sbatch")
    models = ["vae", "control_vae"]
    project = created(tmp_path / "head", models)
    output = project.call("uncollapse", "grid", "--on", "slurm")
    assert sum(": made in" in line for line in output.splitlines()) == 4 + 1
    ran = {line.split("'")[1] for line in output.splitlines() if line.startswith("Running stage")}
    assert ran == {"recipes", "calibrate", "report", "track"}, "no cell was made here"
    same_cells(project, serial, models)
