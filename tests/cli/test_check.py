"""`uncollapse check`, and the other commands that a newcomer types first: they say what to do next."""

import shutil
import subprocess
from pathlib import Path

import pytest
from project import ROOT
from refusals import Run, runner
from small_params import TEXT

PATIENT = TEXT.replace("learning_rate: 0.003}", "learning_rate: 0.003, patience: 2}").replace(
    "learning_rate: 0.004}", "learning_rate: 0.004, patience: 2}"
)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.chdir(tmp_path)
    return runner(monkeypatch, capsys)


@pytest.mark.parametrize(
    ("text", "size", "warnings"),
    [
        (PATIENT, "8 cells, 4 seeds", []),
        (
            PATIENT.replace("[0, 1, 2, 3]", "[7]"),
            "8 cells, 1 seed",
            ["grid.seeds: with one seed no"],
        ),
        (
            PATIENT.replace("learning_rate: 0.004, patience: 2}", "learning_rate: 0.004}"),
            "8 cells, 4 seeds",
            ["datasets.kjv.training: without `patience` no verdict can be given"],
        ),
        (
            PATIENT.replace("methods: [plain, skip]", "methods: [skip]"),
            "4 cells, 4 seeds",
            ["grid.methods: no method is plain"],
        ),
        (
            TEXT.replace("[mnist5k, kjv]", "[mnist5k]")
            .replace("[vae, control_vae]", "[vae]")
            .replace("[plain, skip]", "[skip]")
            .replace("[0, 1, 2, 3]", "[0]"),
            "1 cell, 1 seed",
            ["grid.seeds: ", "datasets.mnist5k.training: ", "grid.methods: "],
        ),
    ],
)
def test_a_grid_that_answers_too_little_is_warned_of(
    run: Run, text: str, size: str, warnings: list[str]
) -> None:
    Path("params.yaml").write_text(text)
    code, out, err = run("check")
    assert (code, out) == (0, f"params.yaml: {size} each\n")
    lines = err.splitlines()
    assert len(lines) == len(warnings)
    for line, warning in zip(lines, warnings, strict=True):
        assert line.startswith(f"warning: params.yaml: {warning}")


def call_make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run make in a folder that has a Makefile, studies and an environment that is taken as ready."""
    shutil.copy(ROOT / "Makefile", folder)
    for name in ("requirements.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    for name in ("toy", "other"):
        (folder / "studies" / name).mkdir(parents=True, exist_ok=True)
        (folder / "studies" / name / "params.yaml").write_text("{}")
    (folder / ".venv").mkdir(exist_ok=True)
    (folder / ".venv/ready").touch()
    command = ["make", "--no-print-directory", *arguments]  # `make test` calls these tests.
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("arguments", [(), ("help",)])
def test_make_alone_lists_the_targets(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = call_make(tmp_path, *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert all(line.startswith("make ") for line in done.stdout.splitlines())
    lines = (tmp_path / "Makefile").read_text().splitlines()
    targets = {line.split(":")[0] for line in lines if ": .venv/ready" in line and line[0] != "\t"}
    assert targets <= {line.split()[1] for line in done.stdout.splitlines()}


def test_make_study_without_a_name_lists_the_studies(tmp_path: Path) -> None:
    done = call_make(tmp_path, "study")
    assert done.returncode
    assert "make study NAME=... runs one of these: other toy" in done.stderr


def test_make_ui_without_runs_says_so(tmp_path: Path) -> None:
    done = call_make(tmp_path, "ui")
    assert done.returncode
    assert "there are no runs yet; `make repro` makes them" in done.stderr
