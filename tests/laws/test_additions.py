"""What a new idea needs: a measure, a chart, a net, a data set and a method are one file each, and a line
of params.yaml."""

import os
import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest
from added_files import FILES
from project import ROOT, Project, reproduced

DATASET = {
    "source": {"use": "stripes"},
    "split": {"reserve": 20, "valid": 30, "test": 40},
    "net": {"use": "shallow", "latents": 3, "features": 9},
    "likelihood": {"use": "bernoulli"},
    "training": {"epochs": 2, "batch_size": 50, "learning_rate": 0.01},
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with one more file of every kind, after `dvc repro`."""
    project, _ = reproduced(tmp_path_factory)
    project.params["grid"] = {
        "datasets": ["stripes"],
        "models": ["vae"],
        "methods": ["plain", "dark"],
        "seeds": [0, 1],
    }
    project.params["datasets"] = {"stripes": DATASET}
    project.params["models"]["vae"] = {}
    project.params["methods"]["dark"] = {"perturbation": {"use": "dark"}}
    project.write()
    for name, text in FILES.items():
        (project.folder / "src/uncollapse" / name).write_text(text)
    assert "calibrate" not in project.repro()[0]
    return project


def test_a_measure_is_in_the_tables_on_the_page_and_in_mlflow(project: Project) -> None:
    metrics = project.folder / "metrics"
    summary = pd.read_csv(metrics / "summary.csv")
    assert len(summary) == 4
    assert summary["mean_variance"].between(0, 2).all()
    comparison = pd.read_csv(metrics / "comparison.csv").set_index("measure")
    means = summary.groupby("method")["mean_variance"].mean()
    difference = comparison.loc["mean_variance", "difference"]
    assert difference == pytest.approx(means["dark"] - means["plain"], abs=1e-5)
    assert "mean variance of q" in (project.folder / "report/index.html").read_text()
    with closing(sqlite3.connect(project.folder / "mlflow.db")) as store:
        query = (
            "select m.value from latest_metrics m join tags t using (run_uuid)"
            " where m.key = 'test/mean_variance' and t.key = 'kind' and t.value = 'seed' order by m.value"
        )
        values = [value for (value,) in store.execute(query)]
    assert values == pytest.approx(sorted(summary["mean_variance"]), abs=1e-5)


def test_a_chart_is_on_the_page(project: Project) -> None:
    page = (project.folder / "report/index.html").read_text()
    assert "A ladder of elbos" in page
    assert 'data-spec="spec-ladder"' in page


def test_the_method_and_the_data_set_are_explained_and_described(project: Project) -> None:
    page = (project.folder / "report/index.html").read_text()
    assert "The encoder reads a dark image." in page
    assert "made up" in page


def test_a_net_is_in_the_laws_of_all_nets(project: Project, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "tests", tmp_path / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    laws = [
        sys.executable,
        "-m",
        "pytest",
        "-n",
        "0",
        "-k",
        "shallow",
        "tests/nets/test_nets.py",
        "tests/nets/test_masks.py",
    ]
    environment = {**os.environ, "PYTHONPATH": str(project.folder / "src")}
    environment.pop("PYTEST_XDIST_WORKER", None)
    project.environment, folder = environment, project.folder
    project.folder = tmp_path
    try:
        output = project.call(*laws)
    finally:
        project.folder = folder
    passed = int(output.split(" passed")[0].split()[-1])
    assert passed >= 7
    assert "failed" not in output
