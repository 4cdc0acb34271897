"""The cache of seeds: what is finished stays, what was killed goes on, what is forced is made anew."""

import errno
import json
import os
import shutil
from hashlib import md5
from pathlib import Path
from typing import Any

import pytest
import yaml

from uncollapse.errors import UserError
from uncollapse.experiment.recipe import Recipe
from uncollapse.pipeline.cache import each_seed, lock_job
from uncollapse.pipeline.job import Job
from uncollapse.pipeline.job_recipe import read_recipe
from uncollapse.pipeline.paths import LOCK, SECONDS
from uncollapse.pipeline.pool import Progress
from uncollapse.pipeline.stage import run
from uncollapse.tables import last_row, write_table

JOB = Job("train", "toy")
LOG, INPUT, MISTAKE = Path("log"), Path("input.json"), Path("mistake")
parent = os.getpid()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    INPUT.write_text("1")
    JOB.recipe_file.parent.mkdir(parents=True)
    return tmp_path


def work(recipe: Recipe, seed: int, folder: Path, progress: Progress) -> None:
    """Logs its calls; goes on from a checkpoint; fails for seed 1 where there is a file `mistake`."""
    with LOG.open("a") as log:
        log.write(f"{seed} ")
    begun = (folder / "checkpoint").exists()
    (folder / "checkpoint").touch()
    if MISTAKE.exists() and seed == 1:
        raise UserError(f"seed {seed} cannot")
    rows = [{"epoch": 1, "value": seed / 3}, {"epoch": 2, "value": 1}]
    for row in rows:
        progress(row)
    write_table(folder / "history.csv", rows)
    (folder / "note.txt").write_text(f"{seed} {'went on' if begun else 'began'} in {os.getpid() != parent}")


def seeds_made(seeds: list[int], **recipe: Any) -> str:
    """Runs a stage as DVC does, which removes its output first; returns the seeds that were worked on."""
    shutil.rmtree(JOB.folder, ignore_errors=True)
    LOG.write_text("")
    JOB.recipe_file.write_text(json.dumps({"seeds": seeds, **recipe}))
    each_seed(JOB, lambda seed: [INPUT], work, 2)
    rows = (JOB.folder / "history.csv").read_text().split()[1:]
    assert {int(row.split(",")[0]) for row in rows} == set(seeds)
    return " ".join(sorted(LOG.read_text().split()))


def test_results_are_gathered_with_their_seed(capsys: pytest.CaptureFixture[str]) -> None:
    assert seeds_made([0, 7]) == "0 7"
    table = f"seed,epoch,value\n0,1,0.0\n0,2,1\n7,1,{7 / 3}\n7,2,1\n"
    assert (JOB.folder / "history.csv").read_text() == table
    assert (JOB.folder / "note-7.txt").read_text() == "7 began in True"
    files = ["history.csv", "note-0.txt", "note-7.txt"]
    assert sorted(file.name for file in JOB.folder.iterdir()) == files
    assert "train toy: seeds 0, 7 (2 made now)" in capsys.readouterr().out
    assert last_row(JOB.folder / "history.csv", 7) == {"seed": "7", "epoch": "2", "value": "1"}


def test_a_new_seed_is_all_that_is_made() -> None:
    seeds_made([0, 1])
    assert seeds_made([0, 1, 2]) == "2"
    assert seeds_made([2]) == ""
    assert seeds_made([0, 2]) == "0"


def commit() -> None:
    """DVC notes in its lock that it made the output from the recipe and the inputs as they are."""
    files = {str(file): md5(file.read_bytes()).hexdigest() for file in (JOB.recipe_file, INPUT)}
    deps = [{"path": path, "md5": digest} for path, digest in files.items()]
    inputs = {"made_input": {"cmd": "python", "outs": [{"path": str(INPUT), "md5": files[str(INPUT)]}]}}
    LOCK.write_text(yaml.safe_dump({"stages": {str(JOB): {"cmd": "python", "deps": deps}, **inputs}}))


def test_a_forced_stage_is_made_anew() -> None:
    seeds_made([0, 1])
    commit()
    assert seeds_made([0, 1]) == "0 1"


def test_a_stage_that_dvc_did_not_note_was_not_forced() -> None:
    """It was killed when it had delivered, or its DVC was."""
    seeds_made([0])
    commit()
    seeds_made([0, 1])
    assert seeds_made([0, 1]) == ""
    commit()
    seeds_made([0], beta=1)
    assert seeds_made([0], beta=1) == ""


def test_a_job_that_another_process_makes_is_left_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("uncollapse.pipeline.cache.PATIENCE", 0.0)
    with lock_job(JOB), pytest.raises(UserError, match=r"^train@toy is being made by another process; wait"):
        seeds_made([0])
    assert seeds_made([0]) == "0"


@pytest.mark.parametrize("change", ["recipe", "input"])
def test_another_recipe_or_input_is_made_anew(change: str) -> None:
    seeds_made([0, 1], beta=1)
    INPUT.write_text("2" if change == "input" else "1")
    assert seeds_made([0, 1], beta=2 if change == "recipe" else 1) == "0 1"


def test_a_stage_that_failed_keeps_what_is_done_and_goes_on_from_its_checkpoint() -> None:
    MISTAKE.touch()
    with pytest.raises(UserError, match="seed 1 cannot"):
        seeds_made([0, 1])
    assert not JOB.folder.exists()
    MISTAKE.unlink()
    assert seeds_made([0, 1]) == "1"
    assert (JOB.folder / "note-1.txt").read_text() == "1 went on in True"


def test_what_a_kill_left_of_files_that_were_being_written_is_removed() -> None:
    MISTAKE.touch()
    with pytest.raises(UserError, match="seed 1 cannot"):
        seeds_made([0, 1])
    [folder] = JOB.cache.glob("1-*")
    left = [folder / name for name in ("checkpoint.pt", "checkpoint.pt.new", ".tmpU7crw1")]
    for file in left:
        file.touch()
    MISTAKE.unlink()
    seeds_made([0, 1])
    assert not [file for file in left if file.exists()]


def test_the_order_of_seeds_makes_nothing_anew() -> None:
    seeds_made([0, 1])
    assert seeds_made([1, 0]) == ""


def test_how_long_it_took_is_noted() -> None:
    seeds_made([0, 1], beta=1)
    assert read_recipe(JOB).stated == {"seeds": [0, 1], "beta": 1}
    seeds_made([0, 1, 2], beta=1)
    rows = [line.split(",") for line in SECONDS.read_text().splitlines()]
    assert rows[0] == ["stage", "name", "seeds", "seconds"]
    assert [row[:3] for row in rows[1:]] == [["train", "toy", "2"], ["train", "toy", "1"]]
    assert all(float(row[3]) >= 0 for row in rows[1:])


def test_inputs_of_another_recipe_but_of_the_same_bytes_are_not_taken_for_force() -> None:
    Path("recipe.json").write_text("1")
    seeds_made([0, 1])
    Path("recipe.json").write_text("2")
    commit()
    assert seeds_made([0, 1]) == ""
    assert seeds_made([0, 1]) == "0 1", "forced"


def test_a_stage_that_fails_leaves_its_line_until_it_starts_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def main(name: str) -> None:
        assert not JOB.failure.exists()
        raise UserError("the learning rate is too large")

    monkeypatch.setattr("sys.argv", ["stages/train.py", "toy"])
    for _ in range(2):
        with pytest.raises(SystemExit, match="error: the learning rate"):
            run(main)
        assert JOB.failure.read_text() == "the learning rate is too large\n"
    JOB.recipe_file.write_text("{}")
    JOB.folder.mkdir(parents=True)
    run(lambda name: None)
    assert not JOB.failure.exists()
    assert JOB.made_from.read_text() == "{}", "the output is complete"


def test_a_stage_tells_in_a_line_what_a_person_can_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(name: str) -> None:
        try:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "runs/toy/weights")
        except OSError as error:
            raise RuntimeError("a library could not write") from error

    def bug(name: str) -> None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), "no disk is to blame")

    monkeypatch.setattr("sys.argv", ["stages/train.py", "toy"])
    line = "runs/toy/weights: No space left on device; make room, then `dvc repro` goes on from here"
    with pytest.raises(SystemExit, match=f"^error: {line}$"):
        run(full)
    assert JOB.failure.read_text() == f"{line}\n"
    with pytest.raises(FileNotFoundError):
        run(bug)
