"""The stage `tune` with real DVC and toy nets: what it reads, what it changes, and that it goes on."""

import json
import math
import shutil
import subprocess
import sys
from contextlib import chdir
from pathlib import Path

import pandas as pd
import pytest
from project import Project, reproduced
from server import wait_for

from uncollapse.experiment.cells import Cell
from uncollapse.experiment.recipe import Recipe
from uncollapse.pipeline.train_cell import try_candidate
from uncollapse.tracking.seeds import make_started_run

TUNED, BY_HAND, BOTH = (f"mnist5k-control_vae-{name}" for name in ("tuned", "by_hand", "both"))
EPOCHS = 8
METHODS = {
    "tuned": {"posterior": {"use": "batch_norm"}, "tune": {"posterior.gamma": [0.3, 1.0]}},
    "both": {
        "pretraining": {"use": "classifier", "epochs": 1},
        "perturbation": {"use": "noise", "flip": 0.1},
        "tune": {"perturbation.noise.flip": [0.05, 0.3]},
    },
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """One that has tuned two cells and trained them."""
    project, _ = reproduced(tmp_path_factory)
    project.params["datasets"]["mnist5k"]["training"]["epochs"] = EPOCHS
    project.params["methods"] |= METHODS
    project.params["grid"] |= {"methods": ["plain", *METHODS], "tuning_seeds": [1000, 1001]}
    project.write()
    project.repro("train")
    return project


def chosen(project: Project, cell: str = TUNED) -> dict[str, float]:
    return json.loads((project.folder / f"tuned/{cell}/chosen.json").read_text())["values"]


def test_every_candidate_and_the_control_are_trained_on_every_tuning_seed(project: Project) -> None:
    for cell in (TUNED, BOTH):
        table = pd.read_csv(project.folder / f"tuned/{cell}/tuning.csv")
        assert table["seed"].tolist() == [1000] * 3 + [1001] * 3
        assert table["candidate"].iloc[0] == "control"
        assert table["candidate"].nunique() == 3
        assert set(table["epochs"]) == {EPOCHS}
    assert table["gflops"][0] < table["gflops"][1], "the control does not pretrain"
    assert project.digests("tuned/mnist5k-control_vae-plain").keys() == {"recipe.json"}
    assert project.digests(f"runs/{TUNED}")["chosen.json"] == project.digests(f"tuned/{TUNED}")["chosen.json"]


def test_a_tuned_cell_is_the_cell_of_its_value_written_out_by_hand(project: Project) -> None:
    gamma = chosen(project)["posterior.gamma"]
    project.params["methods"]["by_hand"] = {"posterior": {"use": "batch_norm", "gamma": gamma}}
    project.params["grid"]["methods"] = ["plain", *METHODS, "by_hand"]
    project.write()
    project.repro(f"evaluate@{TUNED}", f"evaluate@{BY_HAND}")
    for file in ("weights-0.safetensors", "weights-1.safetensors", "history.csv"):
        assert project.digests(f"runs/{TUNED}")[file] == project.digests(f"runs/{BY_HAND}")[file]
    ours, theirs = (project.digests(f"metrics/cells/{cell}") for cell in (TUNED, BY_HAND))
    assert {**ours, "recipe.json": ""} == {**theirs, "recipe.json": ""}


def test_the_report_and_the_runs_in_mlflow_say_what_was_chosen(project: Project) -> None:
    project.repro("--single-item", "report")
    gamma = chosen(project)["posterior.gamma"]
    summary = pd.read_csv(project.folder / "metrics/summary.csv").set_index("method")
    assert summary.loc["tuned", "tuned"].tolist() == [f"posterior.gamma={gamma}"] * 2
    assert summary.loc[["by_hand"], ["tuned", "tuning_gflops"]].isna().all(axis=None)
    assert summary.loc["tuned", "tuning_gflops"].gt(5 * summary.loc["tuned", "gflops"]).all()
    assert f">tuned: posterior.gamma={gamma}, in 6 tr" in (project.folder / "report/index.html").read_text()
    with chdir(project.folder):
        run = make_started_run(Cell.parse(TUNED), 0)
    assert json.loads(run.files["recipe.json"])["posterior"] == {"use": "batch_norm", "gamma": gamma}
    assert run.tags["tuned"] == f"posterior.gamma={gamma}"


def test_a_new_seed_of_the_comparison_tunes_nothing_again(project: Project) -> None:
    before = project.digests(f"tuned/{TUNED}")
    project.params["grid"]["seeds"] = [0, 1, 2]
    project.write()
    _, lines = project.repro(f"train@{TUNED}", "pretrain@mnist5k-both")
    made = {line.split(":")[0]: line.split("(")[1].split(" ")[0] for line in lines}
    assert made[f"tune {TUNED}"] == "0"
    assert made[f"train {TUNED}"] == "1"
    assert project.digests(f"tuned/{TUNED}") == before


def test_a_training_that_diverges_is_a_result_that_no_choice_can_like(
    project: Project, tmp_path: Path
) -> None:
    with chdir(project.folder):
        recipe = json.loads(Path(f"recipes/tune/{TUNED}.json").read_text())
        wild = Recipe({**recipe, "kl_weight": {"use": "constant", "beta": 1e38}})
        rows = [try_candidate(wild, 1000, tmp_path / "0", lambda row: None) for _ in range(2)]
    assert (rows[0]["nll"], rows[0]["collapsed"]) == (math.inf, 1.0)
    assert rows[0]["epochs"] < EPOCHS
    assert repr(rows[0]) == repr(rows[1]), "what is over is read again"


def tune(project: Project, cell: str, *, anew: bool = True) -> str:
    """What the stage itself prints."""
    if anew:
        shutil.rmtree(project.folder / f".work/tune/{cell}")
        shutil.rmtree(project.folder / f"tuned/{cell}")
    return project.call(sys.executable, "stages/tune.py", cell)


def test_a_kill_in_the_midst_changes_no_byte(project: Project) -> None:
    before = project.digests(f"tuned/{TUNED}")
    work, command = project.folder / f".work/tune/{TUNED}", [sys.executable, "stages/tune.py", TUNED]
    shutil.rmtree(work)
    shutil.rmtree(project.folder / f"tuned/{TUNED}")

    def in_the_midst() -> list[Path]:
        histories = work.glob("*/1/history.csv")  # of the second training
        return [file for file in histories if 2 < file.read_text().count("\n") <= EPOCHS]

    with subprocess.Popen(command, cwd=project.folder, env=project.environment) as process:
        wait_for(lambda: in_the_midst() or process.poll() is not None)
        process.kill()
    assert not (project.folder / f"tuned/{TUNED}/chosen.json").exists(), "it was not over"
    finished = next(work.glob("*/0/trial.json"))
    written = finished.stat().st_mtime_ns
    assert "(2 made now)" in tune(project, TUNED, anew=False)
    assert finished.stat().st_mtime_ns == written, "what was over is not trained again"
    assert project.digests(f"tuned/{TUNED}") == before


@pytest.mark.parametrize("cell", [TUNED, BOTH])
def test_neither_the_test_set_nor_the_seeds_of_the_comparison_are_read(project: Project, cell: str) -> None:
    before = project.digests(f"tuned/{cell}")
    splits = [file for file in (project.folder / "data/mnist5k").iterdir() if file.is_dir()]
    assert {int(split.name) for split in splits} == {*project.params["grid"]["seeds"], 1000, 1001}
    compared = [split for split in splits if int(split.name) < 1000]
    others = [*project.folder.glob("pretrained/*/*-[0-9].*"), *project.folder.glob("runs/*/*-[0-9].*")]
    files = [*(split / "test.npy" for split in splits), *(split / "test.labels.npy" for split in splits)]
    for file in [*files, *others, *(file for split in compared for file in split.iterdir())]:
        file.unlink()  # DVC links outputs to its cache
        file.write_text("poison")
    tune(project, cell)
    after = project.digests(f"tuned/{cell}")
    assert {name: after[name] for name in after if name != "recipe.json"} == {
        name: before[name] for name in before if name != "recipe.json"
    }
    assert after.keys() == before.keys() >= {"chosen.json", "tuning.csv"}
