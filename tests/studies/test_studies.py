"""Every study is valid, and its scripts make of its tables what they say."""

import dataclasses
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image
from small_params import TEXT

from uncollapse.experiment.params import Params
from uncollapse.pipeline.calibration import LATENT_COUNT, SPECTRUM, find_optimum

STUDIES = Path(__file__).parent.parent.parent / "studies"
NAMES = sorted(file.parent.name for file in STUDIES.glob("*/params.yaml"))


@pytest.fixture
def scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in (STUDIES, STUDIES / "linear"):
        monkeypatch.syspath_prepend(folder)


CELL = {"dataset": "toy", "model": "vae", "method": "plain"}


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
    cell = CELL
    runs = [{**cell, "seed": seed, "elbo": elbo} for seed, elbo in enumerate((-100.0, -102.0))]
    pd.DataFrame(runs).to_csv(tmp_path / "summary.csv", index=False)
    row = {**cell, "measure": "elbo", "published": -97.25}
    pd.DataFrame([row, {**row, "method": "skip"}]).to_csv(tmp_path / "published.csv", index=False)
    module("published").write(tmp_path)
    *_, line, missing = (tmp_path / "published.md").read_text().splitlines()
    assert missing == "| `toy` | `vae` | `skip` | `elbo` | not run yet | −97.25 |  |"
    names, numbers = line.split(" | `elbo` | ")
    assert names == "| `toy` | `vae` | `plain`"
    assert numbers == "−101 [−114, −88] | −97.25 | −3.75 |"


def test_a_study_that_fails_brings_no_tables_of_others(
    tmp_path: Path, scripts: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, tools = tmp_path / "root", tmp_path / "tools"
    for file in ("params.yaml", "studies/toy/params.yaml", "dvc.yaml", "dvc.lock", "src/a", "stages/a"):
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text(TEXT if file.endswith("params.yaml") else "")
    (root / "metrics").mkdir()
    for result in module("run").RESULTS:
        (root / "metrics" / result).write_text("of the default grid")
    measures = module("cells").COLUMNS.keys() - {"work"} | {"gflops"}
    runs = [{**CELL, "seed": seed, **dict.fromkeys(measures, seed + 0.25)} for seed in (0, 1)]
    pd.DataFrame(runs).to_csv(root / "metrics" / "summary.csv", index=False)
    tools.mkdir()
    (tools / "dvc").write_text('#!/bin/sh\ntest "$1" != repro\n')
    (tools / "dvc").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    monkeypatch.setattr(module("run"), "ROOT", root)
    author = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
    for command in (["init", "--quiet"], ["add", "."], [*author, "commit", "--quiet", "--message", "all"]):
        subprocess.run(["git", *command], cwd=root, check=True)
    with pytest.raises(SystemExit, match="error: study toy: there is nothing to report yet"):
        module("run").main("toy")
    assert [file.name for file in (root / "studies/toy").iterdir()] == ["params.yaml"]
    (tools / "dvc").write_text('#!/bin/sh\ntest "$2" != --keep-going\n')  # a cell fails, the report does not
    assert module("run").main("toy") == 1
    assert (root / "studies/toy/summary.csv").exists()
    *_, line = (root / "studies/toy/cells.md").read_text().splitlines()
    assert line.startswith("| `toy` | `vae` | `plain` | 0.75 | 0.75 |"), "means over seeds"
    assert line.endswith("| 75% | 1× | 75% |")


def test_theory_is_that_of_the_calibration(scripts: None) -> None:
    for variance in (0.5, 1.0, 3.0):
        assert module("theory").compute_optimal_kl(SPECTRUM[:LATENT_COUNT], variance) == pytest.approx(
            find_optimum(variance)
        )
    assert np.array_equal(module("theory").compute_optimal_kl(np.array([0.9, 1.0]), 1.0), [0, 0])


def test_the_table_of_remedies_counts_what_is_shown(
    tmp_path: Path, scripts: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def row(dataset: str, method: str, nll: float, shown: int, **others: object) -> dict[str, object]:
        ends = {"nll": nll, "nll_low": nll - 1, "nll_high": nll + 1, "nll_shown": shown}
        rest = {"uninformative": -0.2, "uninformative_shown": 0, "equal_work": 2.0, "equal_work_shown": 1}
        base = {"question": "method", "kind": "images", "dataset": dataset, "method": method, "model": "vae"}
        return {**base, "seeds": 3, "work": 1.5, **ends, **rest, **others}

    rows = [
        row("dead", "skip", -5.0, 1, uninformative_shown=1),
        row("dead", "skip", -120.4, 1, work=2.0, equal_work_shown=0),
        row("dead", "skip", -7.0, 0),
        row("dead", "skip", -9.0, 1, seeds=2),  # Two seeds are too few.
        row("alive", "skip", 3.0, 1, equal_work=-2.0),
        row("words", "skip", 1.0, 0, kind="text", equal_work=None, equal_work_shown=None),
        row("alive", "plain", -3.0, 1, question="model", model="annealed_vae"),
        row("alive", "pretrained", 4.0, 1),
    ]
    pd.DataFrame(rows).to_csv(tmp_path / "advice.csv", index=False)
    (tmp_path / "toy").mkdir()
    plain = {"model": "vae", "method": "plain"}
    shares = {"dead": 0.5, "alive": 0.0, "words": 1.0}
    runs = [{**plain, "dataset": name, "uninformative": share} for name, share in shares.items()]
    pd.DataFrame(runs).to_csv(tmp_path / "toy" / "summary.csv", index=False)
    monkeypatch.setattr(module("which_remedy"), "STUDIES", tmp_path)
    monkeypatch.setattr(module("which_remedy"), "TABLE", tmp_path / "advice.csv")
    lines = module("which_remedy").make_table().splitlines()
    assert lines[0] == (
        "| Remedy | Pictures whose plain VAE collapses in part: `dead` "
        "| Pictures whose plain VAE does not collapse: `alive` | Sentences: `words` "
        "| Work (plain = 1) | At equal work (ELBO) |"
    )
    assert lines[3] == (
        "| Skip connections (`skip`) | **2/3 better**<br>5–120 nats<br>[4, 121]<br>z tells more: 1 "
        "| **1/1 worse**<br>3 nats<br>[2, 4] | nll: nothing shown | 1.5–2 | 2/4 better, 1/4 worse |"
    )
    assert lines[2].startswith(
        "| Anneal the KL weight (`annealed_vae`) | no data | **1/1 better**<br>3 nats<br>[2, 4] | no data |"
    )
    assert lines[-1].endswith("is better in 0 of 1 comparisons, worse in 1.")


def test_the_hero_has_a_row_of_digits_and_one_of_each_vae(
    tmp_path: Path, scripts: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    hero = module("hero")
    monkeypatch.setattr(hero, "PICTURE", tmp_path / "hero.png")
    monkeypatch.setattr(hero, "NET", {**hero.NET, "decoder_layers": 2})
    monkeypatch.setattr(hero, "TRAINING", dataclasses.replace(hero.TRAINING, epochs=1))
    hero.main()
    with Image.open(tmp_path / "hero.png") as image, Image.open(STUDIES.parent / "docs/hero.png") as shown:
        assert image.size == shown.size
        rows = np.asarray(image.convert("L"))[:, hero.MARGIN :]
    first, second, third = np.split(rows[hero.GAP :], 3)
    assert (first < 128).mean() > 0.03
    assert not np.array_equal(second, third)
