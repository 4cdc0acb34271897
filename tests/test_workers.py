"""Seeds side by side: what is finished stays, what was killed goes on, what is forced is made anew."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from uncollapse.errors import UserError
from uncollapse.pipeline.cache import each_seed
from uncollapse.pipeline.stage import run
from uncollapse.pipeline.tables import last_row, write_table

Tell = Callable[[dict[str, Any]], None]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "input").write_text("1")
    return tmp_path


def work(recipe: dict[str, Any], seed: int, folder: Path, tell: Tell) -> None:
    """Logs its calls; goes on from a checkpoint; fails where the recipe says so."""
    with open("log", "a") as log:
        log.write(f"{seed} ")
    begun = (folder / "checkpoint").exists()
    (folder / "checkpoint").touch()
    if Path("fails").exists() and seed == 1:
        raise UserError(f"seed {seed} cannot")
    rows = [{"epoch": 1, "value": seed / 3}, {"epoch": 2, "value": torch.get_num_threads()}]
    for row in rows:
        tell(row)
    write_table(folder / "history.csv", rows)
    (folder / "note.txt").write_text(f"{seed} {'went on' if begun else 'began'} in {os.getpid() != parent}")


parent = os.getpid()


def go(seeds: list[int], **recipe: Any) -> str:
    """Runs a stage as DVC does, which removes its output first; tells which seeds were worked on."""
    import shutil

    shutil.rmtree("out", ignore_errors=True)
    Path("log").write_text("")
    each_seed("stage", "name", {"seeds": seeds, **recipe}, lambda seed: [Path("input")], work, 2, Path("out"))
    assert sorted(
        int(seed) for seed in {row.split(",")[0] for row in Path("out/history.csv").read_text().split()[1:]}
    ) == sorted(seeds)
    return " ".join(sorted(Path("log").read_text().split()))


def test_results_are_gathered_with_their_seed(capsys: pytest.CaptureFixture[str]) -> None:
    assert go([0, 7]) == "0 7"
    assert Path("out/history.csv").read_text() == f"seed,epoch,value\n0,1,0.0\n0,2,1\n7,1,{7 / 3}\n7,2,1\n"
    assert Path("out/note-7.txt").read_text() == "7 began in True"
    made = ["history.csv", "note-0.txt", "note-7.txt", "recipe.json"]
    assert sorted(file.name for file in Path("out").iterdir()) == made
    assert "stage name: seeds 0, 7 (2 made now)" in capsys.readouterr().out
    assert last_row(Path("out/history.csv"), 7) == {"seed": "7", "epoch": "2", "value": "1"}


def test_a_new_seed_is_all_that_is_made() -> None:
    go([0, 1])
    assert go([0, 1, 2]) == "2"
    assert go([2]) == ""
    assert go([0, 2]) == "0"


def test_a_forced_stage_is_made_anew() -> None:
    go([0, 1])
    assert go([0, 1]) == "0 1"


@pytest.mark.parametrize("change", ["recipe", "input"])
def test_another_recipe_or_input_is_made_anew(change: str) -> None:
    go([0, 1], beta=1)
    Path("input").write_text("2" if change == "input" else "1")
    assert go([0, 1], beta=2 if change == "recipe" else 1) == "0 1"


def test_a_stage_that_failed_keeps_what_is_done_and_goes_on_from_its_checkpoint() -> None:
    Path("fails").touch()
    with pytest.raises(UserError, match="seed 1 cannot"):
        go([0, 1])
    assert not Path("out").exists()
    Path("fails").unlink()
    assert go([0, 1]) == "1"
    assert Path("out/note-1.txt").read_text() == "1 went on in True"


def test_the_order_of_seeds_makes_nothing_anew() -> None:
    go([0, 1])
    assert go([1, 0]) == ""


def test_a_worker_ends_with_its_stage(folder: Path) -> None:
    script = """
import time
from pathlib import Path
from uncollapse.pipeline.cache import each_seed

def work(recipe, seed, folder, tell):
    for count in range(600):
        Path("alive").write_text(str(count))
        tell({"epoch": count})
        time.sleep(0.05)

each_seed("stage", "name", {"seeds": [0]}, lambda seed: [], work, 600, Path("out"))
"""
    stages = Path(__file__).parent.parent / "stages"
    stage = subprocess.Popen([sys.executable, "-c", script], env={**os.environ, "PYTHONPATH": str(stages)})
    while not Path("alive").exists():
        time.sleep(0.05)
    stage.kill()
    stage.wait()
    time.sleep(1)
    count = Path("alive").read_text()
    time.sleep(1)
    assert Path("alive").read_text() == count


def test_the_recipe_is_delivered_and_how_long_it_took_is_noted() -> None:
    go([0, 1], beta=1)
    assert json.loads(Path("out/recipe.json").read_text()) == {"seeds": [0, 1], "beta": 1}
    go([0, 1, 2], beta=1)
    rows = [line.split(",") for line in Path(".work/seconds.csv").read_text().splitlines()]
    assert rows[0] == ["stage", "name", "seeds", "seconds"]
    assert [row[:3] for row in rows[1:]] == [["stage", "name", "2"], ["stage", "name", "1"]]
    assert all(0 <= float(row[3]) < 60 for row in rows[1:])


def test_what_was_made_from_another_recipe_of_the_same_bytes_is_not_forced() -> None:
    Path("recipe.json").write_text("1")
    go([0, 1])
    Path("recipe.json").write_text("2")
    assert go([0, 1]) == ""
    assert go([0, 1]) == "0 1", "forced"


def test_a_stage_that_fails_leaves_its_line_until_it_starts_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def main(name: str) -> None:
        assert not note.exists()
        if name == "cell":
            raise UserError("the learning rate is too large")

    note = failure("train", "cell")
    monkeypatch.setattr("sys.argv", ["stages/train.py", "cell"])
    for _ in range(2):
        with pytest.raises(SystemExit, match="error: the learning rate"):
            run(main)
        assert note.read_text() == "the learning rate is too large\n"
    run(lambda name: None)
    assert not note.exists()


def test_an_output_is_current_where_its_recipe_is_and_what_it_was_made_from(folder: Path) -> None:
    def write(*files: str) -> None:
        for file in files:
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_text("{}")

    name = "toy-vae-plain"
    write(f"recipes/train/{name}.json", f"recipes/evaluate/{name}.json", f"metrics/cells/{name}/recipe.json")
    write("data/toy/card.json", "pretrained/toy-plain/none")
    assert not current("train", name), "it is not there"
    assert not current("evaluate", name), "what it was made from is not there"
    write(f"runs/{name}/recipe.json")
    assert current("train", name)
    assert current("evaluate", name)
    (folder / "recipes/train" / f"{name}.json").write_text("{1: 2}")
    assert not current("train", name), "the recipe is another"
    assert not current("evaluate", name)
