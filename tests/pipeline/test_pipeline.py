"""The pipeline itself, with real DVC, real digits and nets of toy size, in a folder of its own."""

import math
import sqlite3
from contextlib import closing
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from project import Project, reproduced

from uncollapse.data.files import read_parts

CELL_STAGES = ("tune", "train", "evaluate")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project, stages = reproduced(tmp_path_factory)
    expected = {"recipes", "calibrate", "prepare@mnist5k", "report", "track"}
    for method in ("plain", "pretrained"):
        cell = f"mnist5k-control_vae-{method}"
        expected |= {f"pretrain@mnist5k-{method}", *(f"{stage}@{cell}" for stage in CELL_STAGES)}
    assert stages == expected
    return project


def test_the_summary_has_a_row_a_run_and_the_laws_hold(project: Project) -> None:
    summary = pd.read_csv(project.folder / "metrics" / "summary.csv")
    assert list(summary["method"] + summary["seed"].astype(str)) == [
        "plain0",
        "plain1",
        "pretrained0",
        "pretrained1",
    ]
    assert (summary["mi"] <= summary["kl"] + 4 * summary["mi_standard_error"] + 1e-3).all()
    assert (summary["mi"] <= summary["mi_cap"]).all()
    steps = summary.set_index(["method", "seed"])[["encoder_steps", "decoder_steps"]]
    assert steps.loc[("plain", 0)].tolist() == [9, 9]  # 4,890 examples in batches of 500
    assert steps.loc[("pretrained", 0)].tolist() == [9 + 1, 9]  # 4,790, and 100 in batches of 64 before
    assert (summary["mi_in_batches"] <= math.log(32) + 1e-6).all()
    assert (summary["mi"] + summary["marginal_kl"]).to_numpy() == pytest.approx(
        summary["kl"].to_numpy(), rel=0.1
    )
    page = (project.folder / "report" / "index.html").read_text()
    assert "control_vae" in page
    assert "http-equiv" not in page


def test_the_calibration_is_within_its_tolerances(project: Project) -> None:
    table = pd.read_csv(project.folder / "metrics" / "calibration.csv")
    assert (table["error"] <= table["tolerance"]).all()
    assert (table["error"] - (table["exact"] - table["measured"]).abs()).abs().max() < 1e-4
    assert table[table["quantity"].str.startswith("kl_")]["tolerance"].max() <= 0.01
    assert {"elbo", "nll", "mi", "active units", "collapsed dimensions", "beta"} <= set(table["quantity"])


def test_a_second_repro_runs_nothing_and_every_run_is_in_mlflow_once(project: Project) -> None:
    assert project.repro() == (set(), [])
    store = project.folder / "mlflow.db"
    with closing(sqlite3.connect(store)) as database:
        runs = database.execute("select name, status from runs order by name").fetchall()
    cells = [f"mnist5k-control_vae-{method}" for method in ("plain", "pretrained")]
    names = [f"{cell}{run}" for cell in cells for run in ("", "-0", "-1")]  # its own, and its seeds'
    assert runs == [(name, "FINISHED") for name in names]
    store.rename(project.folder / "elsewhere")
    assert "track" in project.call("dvc", "status"), "a store that was deleted is made again"
    (project.folder / "elsewhere").rename(store)


def test_a_forced_cell_is_trained_again_to_the_same_bytes(project: Project) -> None:
    cell = "mnist5k-control_vae-pretrained"
    before = project.digests(f"runs/{cell}")
    assert len(before) == 4
    stages, lines = project.repro("--force", "--single-item", f"train@{cell}")
    assert stages == {f"train@{cell}"}
    assert "(2 made now)" in lines[0]
    assert project.digests(f"runs/{cell}") == before


def test_editing_a_method_runs_its_cells_and_the_diffs_show_it(project: Project) -> None:
    project.params["methods"]["pretrained"]["pretraining"]["epochs"] = 2
    project.write()
    cell = {f"{stage}@mnist5k-control_vae-pretrained" for stage in CELL_STAGES}
    assert project.repro("report")[0] == {"recipes", "pretrain@mnist5k-pretrained", *cell, "report"}
    assert "methods.pretrained.pretraining.epochs" in project.call("dvc", "params", "diff")
    changes = project.call("dvc", "metrics", "diff", "--targets", "metrics/cells.json")
    assert "mnist5k.control_vae.pretrained.elbo" in changes
    assert "plain" not in changes


def test_an_edit_of_a_progress_bar_and_of_a_chart_makes_only_the_report_again(project: Project) -> None:
    for name in ("pipeline/pool.py", "report/charts/kl.py"):
        file = project.folder / "src/uncollapse" / name
        file.write_text(f"{file.read_text()}\nEDITED = True\n")
    assert project.repro("report")[0] == {"recipes", "report"}


def test_a_new_seed_and_a_new_method_of_a_new_piece_run_only_what_is_new(project: Project) -> None:
    folder = project.folder / "src/uncollapse/methods/decoder"
    (folder / "made_up.py").write_text(
        (folder / "skip.py").read_text().replace("def skip()", "def made_up()")
    )
    project.params["methods"]["made_up"] = {"decoder": {"use": "made_up"}}
    project.params["grid"]["seeds"] = [0, 1, 2]
    project.params["grid"]["methods"] = ["plain", "pretrained", "made_up"]
    project.write()
    stages, lines = project.repro("train")
    seeds = {line.split(":")[0]: line.split("(")[1].split(" ")[0] for line in lines}
    cell = "train mnist5k-control_vae"
    assert seeds == {
        f"{cell}-plain": "1",
        f"{cell}-pretrained": "1",
        "pretrain mnist5k-pretrained": "1",
        f"{cell}-made_up": "3",
    }
    assert "prepare@mnist5k" in stages, "a new seed has a split of its own"
    splits = [read_parts(project.folder / f"data/mnist5k/{seed}", "test").x for seed in (0, 1, 2)]
    assert not any(np.array_equal(*pair) for pair in combinations(splits, 2))


def test_a_comment_in_the_source_trains_nothing_and_code_trains_its_cells(project: Project) -> None:
    made_up = project.folder / "src/uncollapse/methods/decoder/made_up.py"
    text = made_up.read_text()
    made_up.write_text("# a comment\n" + text)
    assert project.repro("train")[0] == {"recipes"}
    made_up.write_text(text.replace("bias=False", "bias=True"))
    assert project.repro("train")[0] == {
        "recipes",
        "pretrain@mnist5k-made_up",
        "tune@mnist5k-control_vae-made_up",
        "train@mnist5k-control_vae-made_up",
    }


def test_a_cell_that_diverges_keeps_no_other_from_being_reported(project: Project) -> None:
    project.params["models"]["wild"] = {"kl_weight": {"use": "constant", "beta": 1e38}}
    project.params["grid"] |= {"models": ["wild", "control_vae"], "methods": ["plain"], "seeds": [0, 1]}
    project.write()
    output = project.call("dvc", "repro", "--keep-going", fails=True).splitlines()
    (error,) = [line for line in output if line.startswith("error:")]
    assert error.startswith("error: mnist5k-wild-plain, seed ")
    assert "training diverged" in error
    output = project.call("dvc", "repro", "--single-item", "report", "track")
    assert "report: 2 runs of 1 cells; 1 cells are missing" in output
    assert "track: without mnist5k-wild-plain" in output
    summary = pd.read_csv(project.folder / "metrics/summary.csv")
    assert list(summary["model"] + summary["seed"].astype(str)) == ["control_vae0", "control_vae1"], (
        "nor what left the grid"
    )
    assert error.removeprefix("error: ") in (project.folder / "report/index.html").read_text()
    project.params["grid"]["models"] = ["control_vae"]


def test_a_mistake_stops_repro_at_once_with_one_line_and_nothing_is_lost(project: Project) -> None:
    before = project.digests("runs")
    project.params["methods"]["skip"] = {"decoder": {"use": "skipp"}}
    project.write()
    output = project.call("dvc", "repro", fails=True)
    errors = [line for line in output.splitlines() if line.startswith("error:")]
    fix = "no such name 'skipp' (did you mean 'skip'?); valid: made_up, plain, skip"
    assert errors == [f"error: params.yaml: methods.skip.decoder.use: {fix}"]
    assert "Traceback" not in output
    assert "Running stage 'train" not in output
    assert "Running stage 'prepare" not in output
    assert project.digests("runs") == before
