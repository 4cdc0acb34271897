"""Twelve cells on a real Ray: a worker is killed, one is slow, and two cells always fail."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import psutil
from conftest import GOOD, begun, created, first, same_cells, summary
from project import Project

MODELS = [*GOOD[:5], "wild"]


def test_the_rest_is_made_where_workers_and_cells_fail(tmp_path: Path, serial: Project) -> None:
    project = created(tmp_path / "head", MODELS)
    with begun(project, "ray") as command:
        victim = first(project)
        tree = victim.children(recursive=True)
        parent = victim.parent()
        assert parent
        assert parent.name().startswith("ray::make")
        parent.kill()
        assert psutil.wait_procs([victim, *tree], timeout=60)[1] == [], "nobody goes on for it"
        slow = first(project)
        slow.suspend()
        time.sleep(5)
        slow.resume()
        assert command.stdout
        output = command.stdout.read().splitlines()
    assert command.returncode == 2
    (died,) = [line for line in output if "its worker died" in line]
    assert ": attempt 1 failed: " in died
    failed = [f"mnist5k-wild-{method}" for method in ("plain", "pretrained")]
    for cell in failed:
        attempts = [line for line in output if line.startswith(f"{cell}: ")]
        assert [line.split(": ")[1] for line in attempts[-3:]] == [
            *(f"attempt {number} failed" for number in (1, 2)),
            "failed 3 times",
        ]
        assert "training diverged" in attempts[-1]
    assert output[-1].startswith("error: of 12 cells these failed: mnist5k-wild-plain: ")
    ran = {line.split("'")[1] for line in output if line.startswith("Running stage")}
    assert ran == {"recipes", "calibrate", "report", "track"}, "no cell was made here"
    same_cells(project, serial, MODELS[:-1])
    made = [f"mnist5k-{model}-{method}" for model in MODELS[:-1] for method in ("plain", "pretrained")]
    with closing(sqlite3.connect(project.folder / "mlflow.db")) as database:
        runs = [name for (name,) in database.execute("select name from runs where status = 'FINISHED'")]
    assert sorted(runs) == sorted([*made, *(f"{cell}-0" for cell in made)])
    rows = summary(serial).splitlines()
    assert summary(project).splitlines() == [row for row in rows if "beta_half" not in row]
    states = project.call("uncollapse", "grid").splitlines()
    assert [line.split()[0] for line in states if "failed     " in line] == failed
    assert states[-1].startswith("12 cells: 10 ready, 2 failed")
