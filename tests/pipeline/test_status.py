"""`uncollapse grid` and `uncollapse show`: the status of the grid as DVC would find it; a cell's numbers."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from project import Project, reproduced

from uncollapse.cli import main
from uncollapse.pipeline.job import Job
from uncollapse.pipeline.paths import SECONDS

PLAIN, PRETRAINED = "mnist5k-control_vae-plain", "mnist5k-control_vae-pretrained"
Lines = Callable[..., list[str]]


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return reproduced(tmp_path_factory)[0].folder


@pytest.fixture
def project(original: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project that may be changed; without DVC's cache, for nothing is run."""
    shutil.copytree(original, tmp_path / "project", ignore=shutil.ignore_patterns(".dvc", ".git"))
    monkeypatch.chdir(tmp_path / "project")
    return Project(tmp_path / "project")


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Lines:
    """What the command prints: on stderr if it should end with an exit code."""

    def run(*arguments: str, code: int = 0) -> list[str]:
        monkeypatch.setattr(sys, "argv", ["uncollapse", *arguments])
        if code:
            with pytest.raises(SystemExit) as ended:
                main()
            assert ended.value.code == code
        else:
            main()
        printed = capsys.readouterr()
        return (printed.err if code else printed.out).splitlines()

    return run


def seconds(line: str) -> float:
    return float(line.split("  ")[-1].removesuffix(" s"))


def test_all_is_ready_after_repro(project: Project, lines: Lines) -> None:
    assert lines("grid") == [f"{PLAIN}       ready", f"{PRETRAINED}  ready", "2 cells: 2 ready"]


def test_an_edited_method_is_stale_and_a_failure_of_just_this_edit_is_told(
    project: Project, lines: Lines
) -> None:
    project.params["methods"]["pretrained"]["pretraining"]["epochs"] = 2
    project.write()
    plain, pretrained, total = lines("grid")
    assert plain.endswith("ready")
    assert "  stale  " in pretrained
    assert total.startswith("2 cells: 1 ready, 1 stale; about ")
    failure = Job("train", PRETRAINED).failure
    failure.parent.mkdir()
    failure.write_text("training diverged; try a smaller one\n")
    assert "  stale  " in lines("grid")[1], "that was another recipe"
    project.call("python", "stages/recipes.py")
    assert lines("grid")[1].endswith("failed     training diverged; try a smaller one")


def test_a_new_seed_costs_a_seed_and_a_new_method_is_estimated_by_its_data_set(
    project: Project, lines: Lines
) -> None:
    times = [("pretrain", "mnist5k-pretrained", 40), ("train", PLAIN, 20), ("train", PRETRAINED, 40)]
    rows = [f"{stage},{name},2,{seconds}" for stage, name, seconds in [*times, ("evaluate", PLAIN, 20)]]
    SECONDS.write_text("\n".join(["stage,name,seeds,seconds", *rows, ""]))
    project.params["grid"]["seeds"] = [0, 1, 2]
    project.params["grid"]["methods"] = ["plain", "skip"]
    project.write()
    plain, skip, total = lines("grid")
    assert "  stale  " in plain
    assert seconds(plain) == 6 + 10 + 6 + 10, "one more seed to train and to measure"
    assert "  never run  " in skip
    assert skip.endswith("2 min"), "3 seeds x 15 s, for data set alone is the same, and 3 x 10 s"
    assert total == "2 cells: 1 stale, 1 never run; about 2 min to make"


def test_what_is_in_the_lock_but_not_here(project: Project, lines: Lines) -> None:
    Job("train", PLAIN).made_from.write_text("{}\n")
    assert lines("grid")[0] == f"{PLAIN}       not here", "an older output lies here still"
    shutil.rmtree("runs")
    assert lines("grid") == [f"{PLAIN}       not here", f"{PRETRAINED}  not here", "2 cells: 2 not here"]
    Path("dvc.lock").unlink()
    shutil.rmtree(".work")
    assert lines("grid")[-1] == "2 cells: 2 never run, and 2 of unknown time"


def test_a_cells_numbers(project: Project, lines: Lines) -> None:
    printed = lines("show", PLAIN)
    table = pd.read_csv(f"metrics/cells/{PLAIN}/measures.csv")
    assert printed[0] == f"{PLAIN}: ready"
    (nll,) = [line.split() for line in printed if line.startswith("nll ")]
    assert [float(value) for value in nll[1:4]] == pytest.approx(
        [*table["nll"], table["nll"].mean()], rel=1e-4
    )
    assert nll[4] == "+-"
    assert float(nll[5]) == pytest.approx(
        12.706 * table["nll"].std() / 2**0.5, rel=0.01
    )  # Student's t, 1 degree of freedom


def test_mistakes_are_a_line(project: Project, lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    (line,) = lines("show", "mnist5k-control_vae-plane", code=2)
    name = "error: no cell 'mnist5k-control_vae-plane' in the grid of params.yaml"
    assert line.startswith(f"{name}; near: mnist5k-control_vae-plain")
    shutil.rmtree(f"metrics/cells/{PLAIN}")
    assert lines("show", PLAIN, code=2) == [f"error: {PLAIN} has no measures yet, it is: not here"]
    project.params["grid"]["methods"] = ["plane"]
    project.write()
    assert lines("grid", code=2)[0].startswith(
        "error: params.yaml: grid.methods: no such name 'plane' (did you mean 'plain'?)"
    )
    monkeypatch.chdir(project.folder.parent)
    for command in (["grid"], ["show", PLAIN]):
        assert lines(*command, code=2) == [
            "error: no params.yaml and dvc.yaml here; go to the folder of the project first"
        ]
