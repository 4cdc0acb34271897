"""A toy grid of twelve cells, and what one `dvc repro` after another makes of it."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "helpers"))

from project import Project

MODELS = {
    "vae": {},
    "control_vae": {"kl_weight": {"use": "pi"}},
    "annealed": {"kl_weight": {"use": "linear", "steps": 5}},
    "cyclical": {"kl_weight": {"use": "cyclical", "period": 4}},
    "beta_4": {"kl_weight": {"use": "constant", "beta": 4}},
    "beta_half": {"kl_weight": {"use": "constant", "beta": 0.5}},
    "wild": {"kl_weight": {"use": "constant", "beta": 1e38}},  # diverges
}
GOOD = [name for name in MODELS if name != "wild"]


def created(folder: Path, models: list[str]) -> Project:
    """A project with these models, each with two methods; the second pretrains. Its remote is beside it."""
    folder.mkdir()
    project = Project(folder)
    project.environment["UNCOLLAPSE_SCRATCH"] = str(folder.with_name(f"{folder.name}-scratch"))
    project.environment.pop("RAY_ADDRESS", None)
    project.params["grid"] |= {"models": models, "methods": ["plain", "pretrained"], "seeds": [0]}
    project.params["models"] |= MODELS
    project.params["datasets"]["mnist5k"]["resources"] = {"cpus": 1, "memory": 0.5, "minutes": 10}
    project.create()
    remote = folder.with_name(f"{folder.name}-remote")
    project.call("dvc", "remote", "add", "--default", "storage", str(remote))
    project.commit()
    return project


@pytest.fixture(scope="session")
def serial(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """All models, made by DVC alone."""
    project = created(tmp_path_factory.mktemp("serial") / "project", list(MODELS))
    project.call("dvc", "repro", "--keep-going", fails=True)
    project.call("dvc", "repro", "--single-item", "report")
    return project


def same_cells(project: Project, serial: Project, models: list[str]) -> None:
    """What was made elsewhere has the bytes of what was made here."""
    for model in models:
        for method in ("plain", "pretrained"):
            for folder in ("runs", "metrics/cells"):
                cell = f"{folder}/mnist5k-{model}-{method}"
                assert project.digests(cell) == serial.digests(cell) != {}, cell
    for folder in ("data", "pretrained"):
        assert project.digests(folder) == serial.digests(folder) != {}


def summary(project: Project) -> str:
    """The table of all runs."""
    return (project.folder / "metrics/summary.csv").read_text()


def begun(project: Project, engine: str) -> subprocess.Popen[str]:
    """`uncollapse grid --on ENGINE`, whose stages are processes of their own."""
    return subprocess.Popen(
        ["uncollapse", "grid", "--on", engine],
        cwd=project.folder,
        env={**project.environment, "PATH": project.environment["PATH"].partition(":")[2]},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def at_work(project: Project) -> Iterator[psutil.Process]:
    """The processes of DVC in the clones of a project, which train a cell."""
    for process in psutil.process_iter():
        try:
            inside = Path(process.cwd()).is_relative_to(project.environment["UNCOLLAPSE_SCRATCH"])
            if "train@" in " ".join(process.cmdline()) and inside:
                yield process
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue


def first(project: Project, *, but: int = 0) -> psutil.Process:
    """The first of them to come, of another cell than that of a process."""
    while True:
        for process in at_work(project):
            if process.pid != but and any(child.children() for child in process.children()):
                return process
        time.sleep(0.05)
