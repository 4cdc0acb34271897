"""Every study is valid, and what is published is held against what was found."""

import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
import yaml

from uncollapse.calibration import LATENTS, SPECTRUM, optimum
from uncollapse.experiment.params import Params

STUDIES = Path(__file__).parent.parent / "studies"
NAMES = sorted(file.parent.name for file in STUDIES.glob("*/params.yaml"))


@pytest.fixture
def scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in (STUDIES, STUDIES / "linear"):
        monkeypatch.syspath_prepend(folder)


def module(name: str) -> ModuleType:
    return sys.modules.get(name) or __import__(name)


@pytest.mark.parametrize("name", NAMES)
def test_a_study_is_valid_and_what_it_is_held_against_is_in_it(
    name: str, tmp_path: Path, scripts: None
) -> None:
    merged = module("run").params(STUDIES / name)
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(merged))
    params = Params(tmp_path / "params.yaml")
    cells = params.cells()
    assert len(params.grid.seeds) > 1
    published = STUDIES / name / "published.csv"
    if published.exists():
        for row in pd.read_csv(published).to_dict("records"):
            assert (row["dataset"], row["model"], row["method"]) in cells
    assert f"](../studies/{name})" in (STUDIES.parent / "docs" / "studies.md").read_text()


def test_the_published_table_has_ours_its_interval_and_the_difference(tmp_path: Path, scripts: None) -> None:
    cell = {"dataset": "toy", "model": "vae", "method": "plain"}
    runs = [{**cell, "seed": seed, "elbo": elbo} for seed, elbo in enumerate((-100.0, -102.0))]
    pd.DataFrame(runs).to_csv(tmp_path / "summary.csv", index=False)
    row = {**cell, "measure": "elbo", "published": -97.25}
    pd.DataFrame([row]).to_csv(tmp_path / "published.csv", index=False)
    module("published").write(tmp_path)
    *_, line = (tmp_path / "published.md").read_text().splitlines()
    names, numbers = line.split(" | `elbo` | ")
    assert names == "| `toy` | `vae` | `plain`"
    assert numbers == "−101 [−114, −88] | −97.25 | −3.75 |"


def test_theory_is_that_of_the_calibration(scripts: None) -> None:
    for variance in (0.5, 1.0, 3.0):
        assert module("theory").optimal_kl(SPECTRUM[:LATENTS], variance) == pytest.approx(optimum(variance))
    assert np.array_equal(module("theory").optimal_kl(np.array([0.9, 1.0]), 1.0), [0, 0])
