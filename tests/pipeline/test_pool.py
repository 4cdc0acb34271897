"""Worker processes: what they make, how they fail, and that none outlives its stage."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from uncollapse.errors import UserError
from uncollapse.experiment.recipe import Recipe
from uncollapse.pipeline.pool import Progress, side_by_side
from uncollapse.pipeline.stage import run


@pytest.fixture
def folders(tmp_path: Path) -> dict[int, Path]:
    folders = {seed: tmp_path / str(seed) for seed in range(5)}
    for folder in folders.values():
        folder.mkdir()
    return folders


def done(folders: dict[int, Path]) -> list[int]:
    return [seed for seed, folder in folders.items() if (folder / "done").exists()]


def test_every_seed_is_worked_on_in_a_process_of_its_own_with_one_thread(folders: dict[int, Path]) -> None:
    def work(recipe: Recipe, seed: int, folder: Path, progress: Progress) -> None:
        (folder / "process").write_text(str(os.getpid()))
        for epoch in range(3):
            progress({"threads": torch.get_num_threads(), "epoch": epoch, "value": recipe.stated["value"]})

    last = side_by_side("title", Recipe({"value": 7}), folders, work, rows=3)
    assert last.pop("seed") in folders, "a person sees whose numbers stand beside the bar"
    assert last == {"threads": 1, "epoch": 2, "value": 7}
    assert done(folders) == [0, 1, 2, 3, 4]
    processes = {(folder / "process").read_text() for folder in folders.values()}
    assert len(processes - {str(os.getpid())}) == 5


def test_an_error_of_the_user_ends_the_pool_when_those_at_work_have_ended(folders: dict[int, Path]) -> None:
    def work(recipe: Recipe, seed: int, folder: Path, progress: Progress) -> None:
        if seed in (2, 3):
            raise UserError("too large")

    with pytest.raises(UserError, match="too large"):
        side_by_side("title", Recipe({}), folders, work, rows=1)
    assert set(done(folders)) >= {0, 1}, "they were begun before"
    assert not set(done(folders)) & {2, 3}


def test_a_worker_that_is_killed_is_named(folders: dict[int, Path]) -> None:
    def work(recipe: Recipe, seed: int, folder: Path, progress: Progress) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(UserError, match="title: a worker process was killed, perhaps because memory ran out"):
        side_by_side("title", Recipe({}), folders, work, rows=1)
    assert done(folders) == []


def test_a_mistake_in_the_code_shows_its_traceback(
    folders: dict[int, Path], capfd: pytest.CaptureFixture[str]
) -> None:
    def work(recipe: Recipe, seed: int, folder: Path, progress: Progress) -> None:
        raise ValueError("of the code")

    with pytest.raises(UserError, match=r"^title: a worker process failed; its traceback stands above$"):
        side_by_side("title", Recipe({}), folders, work, rows=1)
    assert "ValueError: of the code" in capfd.readouterr().err


def test_a_worker_ends_with_its_stage(tmp_path: Path) -> None:
    """The worker and its stage hold the end of a pipe, which closes when both have ended."""
    script = """
import sys
import time
from pathlib import Path
from uncollapse.pipeline.pool import side_by_side

def work(recipe, seed, folder, progress):
    print("at work", flush=True)
    while True:
        progress({"epoch": 1})
        time.sleep(0.01)

side_by_side("title", {}, {0: Path(sys.argv[1])}, work, 1)
"""
    reader, writer = os.pipe()
    command = [sys.executable, "-c", script, str(tmp_path)]
    with subprocess.Popen(command, pass_fds=[writer], stdout=subprocess.PIPE) as stage:
        os.close(writer)
        assert stage.stdout
        assert stage.stdout.readline() == b"at work\n"
        assert select.select([reader], [], [], 0)[0] == [], "both are alive"
        stage.kill()
        assert select.select([reader], [], [], 300)[0] == [reader]
    assert os.read(reader, 1) == b"", "nobody holds the other end"
    os.close(reader)


@pytest.mark.parametrize(
    "take",
    [lambda: torch.empty(10**15), lambda: np.empty(10**16), lambda: torch.empty(10**10, 10**10)],
    ids=["torch", "numpy", "more than can be counted"],
)
def test_what_no_memory_has_room_for_is_a_line(
    take: Callable[[], object], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["stages/train.py", "toy"])
    with pytest.raises(SystemExit, match="error: Cannot allocate memory; take a smaller net"):
        run(lambda name: print(take()))
