"""A params.yaml that is broken or hostile: each row is refused by the command line before DVC reads it.

Mistakes in single entries are in test_params.py and test_entries.py.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from bad_files import FILES
from bad_values import VALUES
from refusals import Run, assert_told, nothing_changes, stand
from small_params import TEXT

ROOT = Path(__file__).parent.parent.parent


def refused(run: Run, line: str) -> None:
    with nothing_changes(Path()):
        code, out, err = run("check")
    assert (code, out, err.count("\n")) == (2, "", 1), err
    assert_told(f"^error: params.yaml: .*{line}", err.rstrip("\n"))


@pytest.mark.parametrize("name", [*FILES, *VALUES])
def test_a_bad_file_is_one_line_and_all_that_stood_still_stands(run: Run, name: str) -> None:
    content, line = {**FILES, **VALUES}[name]
    stand(Path())
    Path("params.yaml").write_bytes(content.encode() if isinstance(content, str) else content)
    refused(run, line)


def folder() -> None:
    Path("params.yaml").mkdir()


def pipe() -> None:
    os.mkfifo("params.yaml")


def device() -> None:
    Path("params.yaml").symlink_to("/dev/zero")


@pytest.mark.parametrize("make", [folder, pipe, device])
def test_what_is_no_file_is_one_line(run: Run, make: Callable[[], None]) -> None:
    make()
    refused(run, "should be a file, but is a folder, a pipe or a device")


def circle() -> None:
    Path("params.yaml").symlink_to("params.yaml")


@pytest.mark.parametrize("make", [lambda: None, circle])
@pytest.mark.parametrize(
    ("command", "line"), [("check", "no params.yaml here"), ("grid", "no params.yaml and dvc.")]
)
def test_no_file_is_one_line(run: Run, command: str, line: str, make: Callable[[], None]) -> None:
    make()
    code, _, err = run(command)
    assert code == 2
    assert_told(f"^error: {line}.*; go to the folder of the project first$", err.rstrip("\n"))


def test_what_is_right_is_said(run: Run) -> None:
    Path("params.yaml").write_text(TEXT)
    code, out, err = run("check")
    assert (code, out) == (0, "params.yaml: 8 cells, 4 seeds each\n")
    assert "error" not in err


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("check", "no text at all"),
        ("grid", "an option as a name"),
        ("grid", "aliases of aliases"),
        ("recipes", "aliases of aliases"),
    ],
)
def test_the_commands_themselves(tmp_path: Path, command: str, name: str) -> None:
    content, line = {**FILES, **VALUES}[name]
    stand(tmp_path)
    (tmp_path / "params.yaml").write_bytes(content.encode() if isinstance(content, str) else content)
    uncollapse = ["-c", "from uncollapse.cli import main; main()", command]
    script = [str(ROOT / "stages/recipes.py")] if command == "recipes" else uncollapse
    own = {".work/failed", ".work/failed/recipes.txt"} if command == "recipes" else set()
    with nothing_changes(tmp_path, but=own):
        done = subprocess.run(
            [sys.executable, *script],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == (1 if command == "recipes" else 2)
    assert_told(f"^error: params.yaml: .*{line}", done.stderr.rstrip("\n"))


def test_make_repro_checks_it_before_dvc_reads_it() -> None:
    done = subprocess.run(
        ["make", "--dry-run", "repro"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.index("uncollapse check") < done.stdout.index("dvc repro")
