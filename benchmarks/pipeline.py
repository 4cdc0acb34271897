"""The time that a cell takes beside its work, and `dvc repro` with nothing to do; part of `make bench`."""

import statistics
import sys
import tempfile
import time
from contextlib import chdir
from pathlib import Path

import yaml
from made_grid import make_grid
from project import Project

ROUNDS = 3
CELL = "mnist5k-control_vae-plain"


def seconds(project: Project, *command: str) -> float:
    """Measure the wall time of a command that should succeed."""
    start = time.perf_counter()
    project.call(*command)
    return time.perf_counter() - start


def a_cell(folder: Path) -> dict[str, float]:
    """Train and evaluate a net of toy size for one epoch, one seed: hardly anything but the fixed cost."""
    project = Project(folder)
    project.params["grid"] |= {"methods": ["plain"], "seeds": [0]}
    project.create()
    project.repro(f"evaluate@{CELL}")
    times: dict[str, list[float]] = {"train": [], "evaluate": []}
    for _ in range(ROUNDS):
        for stage, measured in times.items():  # DVC forces a cell to be made anew like this.
            measured.append(seconds(project, sys.executable, f"stages/{stage}.py", CELL))
    return {stage: statistics.median(measured) for stage, measured in times.items()}


def a_grid_that_is_done(folder: Path) -> float:
    """`dvc repro` with 100 cells, all of them made up and committed to DVC."""
    project = Project(folder)
    datasets = ["mnist5k", *(f"copy{i}" for i in range(4))]
    methods = [*yaml.safe_load(Path("params.yaml").read_text())["methods"]][:10]
    with chdir(folder):
        make_grid(folder, datasets=datasets, methods=methods, seeds=1, points=10)
    project.params = yaml.safe_load((folder / "params.yaml").read_text())
    for name in ("src", "stages"):
        (folder / name).unlink()
    project.create()
    for stage in yaml.safe_load((folder / "dvc.yaml").read_text())["stages"].values():
        for out in [*stage.get("outs", []), *stage.get("metrics", []), *stage.get("plots", [])]:
            path = next(iter(out)) if isinstance(out, dict) else out
            if "${" not in path and not (folder / path).exists():
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).touch()
    project.call("dvc", "commit", "--force")
    assert project.repro() == (set(), []), "something was to do"
    return statistics.median(seconds(project, "dvc", "repro") for _ in range(ROUNDS))


def main() -> None:
    """Print a line for each."""
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        stages = a_cell(Path(one))
        parts = ", ".join(f"{stage} {took:.1f} s" for stage, took in stages.items())
        print(f"fixed cost of a cell: {sum(stages.values()):.1f} s ({parts})", flush=True)
        print(f"`dvc repro` with nothing to do, 100 cells: {a_grid_that_is_done(Path(other)):.1f} s")


if __name__ == "__main__":
    main()
