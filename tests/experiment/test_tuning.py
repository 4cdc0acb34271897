"""Tuning: the rule of the choice, and what recipes say of tuned cells."""

import json
import math
import shutil
from pathlib import Path
from typing import Any

import pytest
from edits import edit, every_function
from small_params import TUNED, params

from uncollapse.errors import UserError
from uncollapse.experiment.cells import Cell
from uncollapse.experiment.digests import Code
from uncollapse.experiment.make_recipes import Content, make_cell_recipes
from uncollapse.experiment.recipe import Recipe
from uncollapse.experiment.tuning import BEST, CONTROL, LEAST, choose_candidate, label_values, lay_values
from uncollapse.pipeline.job import Job
from uncollapse.pipeline.job_recipe import read_recipe
from uncollapse.pipeline.paths import CHOSEN, recipe_file
from uncollapse.pipeline.watching.times import START, JobTime, estimate_seconds
from uncollapse.registry import PACKAGE

ROOT = Path(__file__).parent.parent.parent
CODE = Code(PACKAGE, ROOT / "stages")
CANDIDATES = [{"posterior.gamma": gamma} for gamma in (0.3, 0.6, 1.0)]


def rows(*measured: tuple[float, float]) -> list[dict[str, Any]]:
    """Those of the control and of the candidates: nll and collapsed of each, on two seeds a nat apart."""
    names = [CONTROL, *map(label_values, CANDIDATES)]
    return [
        {"seed": seed, "candidate": name, "nll": nll + seed, "collapsed": share, "gflops": "1.5"}
        for seed in (0, 1)
        for name, (nll, share) in zip(names, measured, strict=True)
    ]


@pytest.mark.parametrize(
    ("measured", "gamma", "rule"),
    [
        ([(90, 0.5), (95, 0.2), (93, 0.5), (94, 0.1)], 0.6, BEST),
        ([(90, 0.5), (95, 0.2), (89, 0.6), (94, 0.1)], 1.0, BEST),
        ([(90, 0.0), (95, 0.2), (93, 0.5), (94, 0.2)], 1.0, LEAST),
        ([(90, 0.5), (94, 0.2), (94, 0.2), (94, 0.2)], 0.3, BEST),
        ([(90, 0.5), (math.inf, 0.0), (94, 0.6), (95, 0.7)], 0.6, LEAST),
    ],
    ids=["best", "collapses more", "all collapse more", "a tie", "diverged"],
)
def test_the_choice_is_the_best_fit_that_collapses_no_more_than_the_control(
    measured: list[tuple[float, float]], gamma: float, rule: str
) -> None:
    expected = {"values": {"posterior.gamma": gamma}, "rule": rule, "gflops": 12.0, "trainings": 8}
    assert choose_candidate(CANDIDATES, rows(*measured)) == expected


def test_means_over_seeds_decide() -> None:
    table = rows((90, 0.5), (95, 0.2), (94, 0.2), (96, 0.1))
    table[1]["nll"] -= 10
    assert choose_candidate(CANDIDATES, table)["values"] == {"posterior.gamma": 0.3}


def test_a_control_that_diverged_is_no_limit() -> None:
    table = rows((90, 0.3), (90, 0.6), (95, 0.2), (96, 0.1))
    table[0] |= {"nll": math.inf, "collapsed": 1.0}
    assert choose_candidate(CANDIDATES, table)["values"] == {"posterior.gamma": 0.6}
    table[4] |= {"nll": math.inf, "collapsed": 1.0}
    with pytest.raises(UserError, match=r"^the control's training diverged"):
        choose_candidate(CANDIDATES, table)


def test_nothing_is_chosen_where_every_candidate_diverged() -> None:
    with pytest.raises(UserError, match=r"^every candidate's training diverged, .*; try other values"):
        choose_candidate(CANDIDATES, rows((90, 0.5), *[(math.inf, 1.0)] * 3))


def test_values_are_laid_over_slots_that_are_there() -> None:
    noise, word = {"use": "noise", "flip": 0.1}, {"use": "word_dropout", "rate": 0.2}
    slots = {"posterior": {"use": "batch_norm", "gamma": 0.6}, "perturbation": [noise, word], "seeds": [1]}
    laid = lay_values(slots, {"posterior.gamma": 1.0, "perturbation.noise.flip": 0.3, "kl_weight.beta": 2.0})
    assert laid == {
        "posterior": {"use": "batch_norm", "gamma": 1.0},
        "perturbation": [{"use": "noise", "flip": 0.3}, word],
        "seeds": [1],
    }
    assert (slots["posterior"]["gamma"], noise["flip"]) == (0.6, 0.1), "what was given stays"


def recipes_of(folder: Path, text: str, code: Code) -> dict[str, Content]:
    return make_cell_recipes(params(folder, text), code)


def test_candidates_are_those_of_model_and_method_together(tmp_path: Path) -> None:
    old = "vae: {}"
    text = TUNED.replace(old, "vae: {kl_weight: {use: constant}, tune: {kl_weight.beta: [0.5, 1.0]}}", 1)
    found = recipes_of(tmp_path, text, CODE)["tune/kjv-vae-batch_norm"]
    assert [label_values(values) for values in found["candidates"]] == [
        f"kl_weight.beta={beta} posterior.gamma={gamma}" for beta in (0.5, 1.0) for gamma in (0.3, 1.0)
    ]
    assert found["control"]["kl_weight"] == {"use": "constant", "beta": 1.0}
    assert found["control"]["posterior"] == {"use": "gaussian"}


def test_the_control_is_the_model_without_the_method_or_the_vae(tmp_path: Path) -> None:
    text = TUNED.replace("{use: pi, kp: 0.01}}", "{use: pi, kp: 0.01}, tune: {kl_weight.kp: [0.02]}}", 1)
    recipes = recipes_of(tmp_path, text, CODE)
    of = {method: recipes[f"tune/kjv-control_vae-{method}"]["control"] for method in ("plain", "batch_norm")}
    assert of["batch_norm"]["kl_weight"]["kp"] == 0.01, "the model as its entry has it"
    assert of["plain"]["kl_weight"] == {"use": "constant", "beta": 1.0}
    assert of["plain"]["posterior"] == of["batch_norm"]["posterior"] == {"use": "gaussian"}


def test_only_what_tuning_reads_has_its_seeds_and_what_it_does_not_read_is_in_no_recipe(
    tmp_path: Path,
) -> None:
    text = TUNED.replace("[plain, batch_norm]", "[plain, skip, both]")
    recipes = recipes_of(tmp_path, text, CODE)
    both, alone = [0, 1, 1000, 1001], [0, 1]
    assert recipes["prepare/kjv"]["seeds"] == recipes["pretrain/kjv-both"]["seeds"] == both
    assert recipes["pretrain/kjv-skip"]["seeds"] == recipes["train/kjv-vae-both"]["seeds"] == alone
    assert recipes["tune/kjv-vae-both"]["seeds"] == [1000, 1001]
    assert recipes["tune/kjv-vae-skip"] == {"model": "vae", "method": "skip", "candidates": []}
    assert recipes["tune/kjv-vae-both"]["evaluation"].keys() == {"tolerance", "most", "eps", "delta"}
    untuned = recipes_of(tmp_path, text.replace("[plain, skip, both]", "[plain, skip]"), CODE)
    assert untuned["prepare/kjv"]["seeds"] == alone
    more = recipes_of(tmp_path, text.replace("seeds: [0, 1]", "seeds: [0, 1, 2]", 1), CODE)
    assert {name for name in more if name.startswith("tune/") and more[name] != recipes[name]} == set()


@pytest.mark.parametrize(
    ("path", "stale"),
    [
        ("measures/likelihood.py", {"tune", "evaluate"}),
        ("measures/collapse.py", {"tune", "evaluate"}),
        ("measures/probe.py", {"evaluate"}),
        ("methods/posterior/gaussian.py", {"tune"}),  # of the control
        ("methods/posterior/batch_norm.py", {"pretrain", "tune", "train", "evaluate"}),
        ("training/loop.py", {"pretrain", "tune", "train"}),
        ("experiment/tuning.py", {"pretrain", "tune", "train", "evaluate"}),  # it lays the choice in
    ],
)
def test_an_edit_tunes_again_exactly_what_it_decides(tmp_path: Path, path: str, stale: set[str]) -> None:
    before = recipes_of(tmp_path, TUNED, CODE)
    copy = shutil.copytree(PACKAGE, tmp_path / "src" / "uncollapse")
    edit(copy / path, every_function)
    after = recipes_of(tmp_path, TUNED, Code(copy, ROOT / "stages"))
    cell = "mnist5k-vae-batch_norm"
    names = [*(f"{stage}/{cell}" for stage in ("tune", "train", "evaluate")), "pretrain/mnist5k-batch_norm"]
    assert {name.split("/")[0] for name in names if before[name] != after[name]} == stale


def test_training_and_measuring_differ_from_an_entry_by_hand_in_nothing_but_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = TUNED.replace("[plain, batch_norm]", "[batch_norm, by_hand]").replace(
        "  skip: {", "  by_hand: {posterior: {use: batch_norm, gamma: 1.0}}\n  skip: {"
    )
    monkeypatch.chdir(tmp_path)
    for name, recipe in recipes_of(tmp_path, text, CODE).items():
        recipe_file(name).parent.mkdir(parents=True, exist_ok=True)
        recipe_file(name).write_text(json.dumps(recipe))
    tuned, by_hand = Cell("kjv", "vae", "batch_norm"), Cell("kjv", "vae", "by_hand")
    for job in (Job.of("tune", tuned), Job.of("train", tuned)):
        job.folder.mkdir(parents=True)
        (job.folder / CHOSEN).write_text(json.dumps({"values": {"posterior.gamma": 1.0}}))
    for stage in ("train", "evaluate"):
        stated = read_recipe(Job.of(stage, tuned)).stated | {"method": "by_hand"}
        assert stated == read_recipe(Job.of(stage, by_hand)).stated


def test_the_grid_counts_so_many_trainings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job, times = Job("tune", "kjv-vae-batch_norm"), [JobTime(Job("train", "kjv-vae-plain"), 10.0)]
    assert estimate_seconds(job, Recipe({"candidates": []}), times) == 0
    tuned = Recipe({"candidates": CANDIDATES, "seeds": [7, 8]})
    assert estimate_seconds(job, tuned, times) == START + 2 * 4 * 10
    monkeypatch.chdir(tmp_path)
    job.folder.mkdir(parents=True)
    for earlier in ({"candidates": []}, {"candidates": CANDIDATES[:1], "seeds": [7]}):
        job.made_from.write_text(json.dumps(earlier))
        assert estimate_seconds(job, tuned, times) == START + 2 * 4 * 10
    job.made_from.write_text(json.dumps({**tuned.stated, "seeds": [7]}))
    assert estimate_seconds(job, tuned, times) == START + 4 * 10
