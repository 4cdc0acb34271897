"""`uncollapse grid` and `uncollapse show`: the state of the grid as DVC would find it, and the numbers of a cell."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from project import Project, reproduced

from uncollapse.cli import main

PLAIN, PRETRAINED = "mnist5k-control_vae-plain", "mnist5k-control_vae-pretrained"
Say = Callable[..., list[str]]


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return reproduced(tmp_path_factory)[0].folder


@pytest.fixture
def project(first: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project that may be changed; without DVC's cache, for nothing is run."""
    shutil.copytree(first, tmp_path / "project", ignore=shutil.ignore_patterns(".dvc", ".git"))
    monkeypatch.chdir(tmp_path / "project")
    return Project(tmp_path / "project")


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    def run(*arguments: str, code: int = 0) -> list[str]:
        monkeypatch.setattr(sys, "argv", ["uncollapse", *arguments])
        if code:
            with pytest.raises(SystemExit) as ended:
                main()
            assert ended.value.code == code
        else:
            main()
        told = capsys.readouterr()
        return (told.err if code else told.out).splitlines()

    return run


def seconds(line: str) -> float:
    return float(line.split("  ")[-1].removesuffix(" s"))


def test_all_is_ready_after_repro(project: Project, say: Say) -> None:
    assert say("grid") == [f"{PLAIN}       ready", f"{PRETRAINED}  ready", "2 cells: 2 ready"]


def test_an_edited_method_is_stale_and_a_failure_of_just_this_edit_is_told(
    project: Project, say: Say
) -> None:
    project.params["methods"]["pretrained"]["pretraining"]["epochs"] = 2
    project.write()
    plain, pretrained, total = say("grid")
    assert plain.endswith("ready")
    assert "  stale  " in pretrained
    assert total.startswith("2 cells: 1 ready, 1 stale; about ")
    note = Path(".work/failed") / f"train-{PRETRAINED}.txt"
    note.parent.mkdir()
    note.write_text("training diverged; try a smaller one\n")
    assert "  stale  " in say("grid")[1], "that was another recipe"
    project.call("python", "stages/recipes.py")
    assert say("grid")[1].endswith("failed     training diverged; try a smaller one")


def test_a_new_seed_costs_a_seed_and_a_new_method_is_estimated_by_its_data_set(
    project: Project, say: Say
) -> None:
    times = Path(".work/seconds.csv")
    times.write_text("stage,name,seeds,seconds\n")
    with times.open("a") as rows:
        for stage, name in (
            ("pretrain", "mnist5k-pretrained"),
            ("train", PLAIN),
            ("train", PRETRAINED),
            ("evaluate", PLAIN),
        ):
            rows.write(f"{stage},{name},2,{20 if name == PLAIN else 40}\n")
    project.params["grid"]["seeds"] = [0, 1, 2]
    project.params["grid"]["methods"] = ["plain", "skip"]
    project.write()
    plain, skip, total = say("grid")
    assert "  stale  " in plain
    assert seconds(plain) == 6 + 10 + 6 + 10, "one more seed to train and to measure"
    assert "  never run  " in skip
    assert skip.endswith("2 min"), "3 seeds x 15 s, for data set alone is the same, and 3 x 10 s"
    assert total == "2 cells: 1 stale, 1 never run; about 2 min to make"


def test_what_is_in_the_lock_but_not_here(project: Project, say: Say) -> None:
    shutil.rmtree("runs")
    assert say("grid") == [f"{PLAIN}       not here", f"{PRETRAINED}  not here", "2 cells: 2 not here"]
    Path("dvc.lock").unlink()
    shutil.rmtree(".work")
    assert say("grid")[-1] == "2 cells: 2 never run, and 2 of unknown time"


def test_a_cells_numbers(project: Project, say: Say) -> None:
    told = say("show", PLAIN)
    table = pd.read_csv(f"metrics/cells/{PLAIN}/measures.csv")
    assert told[0] == f"{PLAIN}: ready"
    (nll,) = [line.split() for line in told if line.startswith("nll ")]
    assert [float(value) for value in nll[1:4]] == pytest.approx(
        [*table["nll"], table["nll"].mean()], rel=1e-4
    )
    assert nll[4] == "+-"
    assert float(nll[5]) == pytest.approx(
        12.706 * table["nll"].std() / 2**0.5, rel=0.01
    )  # Student's t, 1 degree of freedom


def test_mistakes_are_a_line(project: Project, say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    (told,) = say("show", "mnist5k-control_vae-plane", code=2)
    assert told.startswith(
        "error: no cell 'mnist5k-control_vae-plane' in the grid of params.yaml; near: mnist5k-control_vae-plain"
    )
    shutil.rmtree(f"metrics/cells/{PLAIN}")
    assert say("show", PLAIN, code=2) == [f"error: {PLAIN} has no measures yet, it is: not here"]
    project.params["grid"]["methods"] = ["plane"]
    project.write()
    assert say("grid", code=2)[0].startswith(
        "error: params.yaml: grid.methods: no such name 'plane' (did you mean 'plain'?)"
    )
    monkeypatch.chdir(project.folder.parent)
    for command in (["grid"], ["show", PLAIN]):
        assert say(*command, code=2) == [
            "error: no params.yaml and dvc.yaml here; go to the folder of the project first"
        ]
