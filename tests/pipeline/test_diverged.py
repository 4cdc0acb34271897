"""Training that diverges in one seed: a result of that seed, which is in no mean, while the others go on."""

import json

import numpy as np
import pandas as pd
import pytest
import torch
from all_entries import DATA, ENTRIES, METHODS, MODELS, PARAMS
from project import Project, reproduced
from toys import toy_part, toy_vae, training

from uncollapse.methods import Method
from uncollapse.registry import default_entries
from uncollapse.tracking.mirror import find_stored_runs
from uncollapse.tracking.store import open_store
from uncollapse.training.loop import train

CELLS = ["mnist5k-control_vae-plain", "mnist5k-control_vae-skip"]
BEFORE = "        state.epoch += 1\n"
NAN = """\
        if seed == 1 and state.epoch == 2:
            next(vae.parameters()).data.fill_(float("nan"))
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Two cells of three seeds and three epochs; in the second epoch of seed 1 a weight is no number."""
    project, _ = reproduced(tmp_path_factory)
    project.params["datasets"]["mnist5k"]["training"]["epochs"] = 3
    project.params["grid"] |= {"methods": ["plain", "skip"], "seeds": [0, 1, 2]}
    project.write()
    file = project.folder / "src/uncollapse/training/loop.py"
    text = file.read_text()
    assert text.count(BEFORE) == 1
    file.write_text(text.replace(BEFORE, BEFORE + NAN))
    output = project.call("dvc", "repro")
    lines = [line for line in output.splitlines() if "training diverged" in line]
    assert [line.split(":")[0] for line in lines] == [f"{cell}, seed 1, epoch 2" for cell in CELLS]
    return project


def test_it_ends_its_seed_alone(project: Project) -> None:
    for cell in CELLS:
        names = {file.name for file in (project.folder / "runs" / cell).glob("weights*")}
        assert names == {"weights-0.safetensors", "weights-2.safetensors"}
        history = pd.read_csv(project.folder / "runs" / cell / "history.csv")
        assert history.groupby("seed").size().to_dict() == {0: 3, 1: 1, 2: 3}
        assert np.isfinite(history.to_numpy(float)).all()


def test_it_is_not_trained_again(project: Project) -> None:
    assert project.repro() == (set(), [])


def test_the_tables_have_its_epoch_and_none_of_its_numbers(project: Project) -> None:
    summary = pd.read_csv(project.folder / "metrics/summary.csv").set_index("seed")
    assert summary["diverged"].notna().groupby("seed").all().to_dict() == {0: False, 1: True, 2: False}
    gone = summary.loc[1]
    assert (gone["diverged"] == 2).all()
    assert (gone["converged"] == 0).all()
    assert gone.drop(columns=["dataset", "model", "method", "diverged", "converged"]).isna().all(axis=None)
    comparison = pd.read_csv(project.folder / "metrics/comparison.csv")
    assert set(comparison["seeds"]) == {2}
    nll = summary[summary["method"] == "skip"].loc[[0, 2], "nll"]
    cells = json.loads((project.folder / "metrics/cells.json").read_text())["mnist5k"]["control_vae"]
    assert cells["skip"]["nll"] == pytest.approx(nll.mean(), rel=1e-5)
    assert all(np.isfinite(value) for cell in cells.values() for value in cell.values())


def test_the_report_shows_it_and_no_verdict_counts(project: Project) -> None:
    page = (project.folder / "report/index.html").read_text()
    assert "In 2 runs training diverged" in " ".join(page.split())
    for cell in CELLS:
        assert f"<li><code>{cell}</code>: seed 1, in epoch 2</li>" in page
    assert "does not count: some seeds of the cell or of its reference diverged" in page
    assert (
        "report: 4 runs of 2 cells; 2 more runs diverged"
        in (project.folder / "report/report.txt").read_text()
    )
    assert "1 of 3 seeds diverged" in (project.folder / "metrics/results.md").read_text()


def test_the_command_line_says_so(project: Project) -> None:
    line = "seed 1 diverged in epoch 2, and is in no mean"
    output = project.call("uncollapse", "grid").splitlines()
    assert [text.split(maxsplit=2)[1:] for text in output[:2]] == [["ready", line]] * 2
    assert project.call("uncollapse", "show", CELLS[1]).splitlines()[0] == f"{CELLS[1]}: ready; {line}"


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::ResourceWarning")
def test_mlflow_has_it_as_failed_and_once(project: Project) -> None:
    for _ in range(2):
        with open_store(f"sqlite:///{project.folder / 'mlflow.db'}") as client:
            kept = [run for run in find_stored_runs(client) if run.data.tags["current"] == "true"]
        runs = [run for run in kept if run.data.tags["kind"] == "seed"]
        ends = {(run.data.tags["cell"], run.data.tags["seed"]): run for run in runs}
        assert len(ends) == len(runs) == 6
        for (_, seed), run in ends.items():
            assert run.info.status == ("FAILED" if seed == "1" else "FINISHED")
            assert run.data.tags.get("diverged") == ("2" if seed == "1" else None)
            assert ("test/nll" in run.data.metrics) == (seed != "1")
        output = project.call("dvc", "repro", "--single-item", "--force", "track")
        assert "0 of them new, 0 repaired" in output


@pytest.mark.parametrize("kind", DATA)
@pytest.mark.parametrize(
    ("model", "method"), [(model, "plain") for model in MODELS] + [("vae", name) for name in METHODS]
)
def test_no_piece_breaks_where_numbers_are_not_finite(kind: str, model: str, method: str) -> None:
    """An epoch that begins with weights that are none ends, and its row says so."""
    slots = {**default_entries("methods"), **PARAMS.slots("models", model, DATA[kind])}
    slots |= {slot: PARAMS.slots("methods", method, DATA[kind])[slot] for slot in ENTRIES[method]}
    vae, data = (
        toy_vae(kind, decoder=slots["decoder"]["use"], posterior=slots["posterior"]["use"]),
        toy_part(kind),
    )
    for weights in vae.parameters():
        torch.nn.init.constant_(weights, torch.nan)
    row, _ = next(train(vae, data, data, Method.build(slots), training(epochs=1), 0))
    assert not np.isfinite(list(row.values())).all()
