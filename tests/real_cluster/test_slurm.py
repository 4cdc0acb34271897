"""Four cells as jobs of a real Slurm, where there is one; the worker of one is killed."""

import shutil
import subprocess
from pathlib import Path

import psutil
import pytest
from conftest import begun, created, first, same_cells
from project import Project


def test_cells_are_jobs_of_slurm(tmp_path: Path, serial: Project) -> None:
    if not shutil.which("sbatch"):
        pytest.skip("needs Slurm's sbatch")
    accounting = not subprocess.run(["sacct"], capture_output=True, check=False).returncode
    models = ["vae", "control_vae"]
    project = created(tmp_path / "head", models)
    with begun(project, "slurm") as command:
        if accounting:  # or else nobody would ever learn of it
            victim = first(project)
            tree = victim.children(recursive=True)
            parent = victim.parent()
            assert parent
            parent.kill()
            assert psutil.wait_procs([victim, *tree], timeout=60)[1] == [], "nobody goes on for it"
        assert command.stdout
        output = command.stdout.read().splitlines()
    assert command.returncode == 0
    assert sum(": made in" in line for line in output) == 4 + 1
    assert sum(": attempt 1 failed: its worker died: " in line for line in output) == accounting
    ran = {line.split("'")[1] for line in output if line.startswith("Running stage")}
    assert ran == {"recipes", "calibrate", "report", "track"}, "no cell was made here"
    same_cells(project, serial, models)
