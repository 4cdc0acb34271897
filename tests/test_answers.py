"""The sentences of the report claim what the numbers show, and nothing else."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from made_grid import METHODS, measures

from uncollapse.experiment.cells import Cell
from uncollapse.measures import columns
from uncollapse.report import tables
from uncollapse.report.answers import Answer, answers
from uncollapse.report.evidence import difference, plus_minus, show
from uncollapse.statistics import compare, pairs

ROLES = {"vae": "vae", "plain": "plain", "combinations": {"skip+aggressive": ["skip", "aggressive"]}}
Effects = dict[tuple[str, str], tuple[float, float]]  # (model, method): of the nll and of the collapsed share


Information = Callable[[Cell], tuple[float, bool]]


def even(cell: Cell) -> tuple[float, bool]:
    return 4.0, False


def of_skip(mi: float, capped: bool) -> Information:
    return lambda cell: (mi, capped) if cell.method == "skip" else even(cell)


def said(
    effects: Effects, *, seeds: int = 4, methods: list[str] = METHODS, mi: Information = even, **roles: Any
) -> list[Answer]:
    """The answers for a grid with the given effects, noise of 0.1 nats and of 0.02, and 10 nats between seeds; `mi` is a cell's, and whether at its cap."""
    stream, rows = np.random.default_rng(0), []
    cells = [Cell("toy", model, method) for model in ("vae", "control_vae") for method in methods]
    for cell in cells:
        fit, share = effects.get((cell.model, cell.method), (0.0, 0.0))
        for seed in range(seeds):
            row = measures(
                seed,
                100 + 10 * seed + fit + stream.normal(0, 0.1),
                0.5 + share + stream.normal(0, 0.02),
                True,
                aggressive=False,
            )
            information, capped = mi(cell)
            rows.append(
                {**cell._asdict(), **row, "mi": information + stream.normal(0, 0.01), "mi_at_cap": capped}
            )
    summary = pd.DataFrame(rows)
    found = {**ROLES, **roles}
    means = tables.means(
        summary,
        [
            *(name for name, measure in columns().items() if measure.compared and not measure.derived),
            "marginal_kl",
            "train_kl",
        ],
    )
    means["cost"], means["beta"] = tables.costs(summary, found["plain"]), 0.5
    grid = {**found, "cells": cells, "seeds": list(range(seeds)), "evaluation": {"eps": 0.1, "delta": 0.01}}
    return list(answers(compare(summary, pairs(cells, **found)), means, grid))


def verdict(answer: Answer, *names: str) -> str:
    """The verdict on a cell."""
    (found,) = [
        point.verdict
        for point in answer.points
        if all(f"`{name}`" in point.verdict.split(":")[0] for name in names)
    ]
    return found.split(": ", 1)[1]


@pytest.mark.parametrize(
    ("fit", "share", "wanted"),
    [
        (-5.0, -0.2, "a remedy: less collapse, better likelihood."),
        (0.0, -0.2, "less collapse, no difference in likelihood shown."),
        (5.0, -0.2, "no remedy: less collapse, worse likelihood."),
        (-5.0, 0.0, "no difference in collapse shown, better likelihood."),
        (0.0, 0.0, "no effect shown."),
        (5.0, 0.0, "no difference in collapse shown, worse likelihood."),
        (-5.0, 0.2, "more collapse, better likelihood."),
        (5.0, 0.2, "more collapse, worse likelihood."),
    ],
)
def test_a_method_is_judged_by_likelihood_and_collapse_together(
    fit: float, share: float, wanted: str
) -> None:
    _, methods, _ = said({("vae", "skip"): (fit, share)})
    assert verdict(methods, "skip", "vae") == wanted
    assert verdict(methods, "skip", "control_vae") == "no effect shown."


def test_information_counts_where_it_can_be_told() -> None:
    for effect, capped, wanted in [
        (1.0, False, "a remedy: more information, better likelihood."),
        (1.0, True, "a remedy: more information, better likelihood."),
        (0.05, False, "no difference in collapse shown, better likelihood."),
        (-1.0, False, "less information, better likelihood."),
    ]:
        _, methods, _ = said(
            {("vae", "skip"): (-5.0, 0.0)},
            mi=of_skip(4.0 + effect, capped),
        )
        assert verdict(methods, "skip", "vae") == wanted
        (evidence,) = [point.evidence for point in methods.points if "`skip` on `vae`" in point.verdict]
        assert ("mi at least" in evidence) is capped
    mixed = said({("vae", "skip"): (-5.0, -0.2)}, mi=of_skip(3.0, False))[1]
    assert verdict(mixed, "skip", "vae") == "less collapse, less information, better likelihood."


def test_the_models_are_compared_and_the_numbers_stand_beside() -> None:
    models, _, _ = said({("control_vae", "plain"): (-3.0, -0.4)})
    assert models.question.startswith("Is control_vae susceptible")
    assert (
        "collapses less than `vae` on 1 of 1 data sets, more on 0; its likelihood is better on 1, worse on 0"
        in models.short
    )
    (point,) = models.points
    assert "some of its dimensions have collapsed in 4 of 4 seeds" in point.verdict
    found = re.search(r"−([\d.]+) points \[−([\d.]+), −([\d.]+)\]", point.evidence)
    assert found is not None
    assert float(found[1]) == pytest.approx(40, abs=3)
    assert float(found[3]) < 40 < float(found[2])
    assert "seeds: 4" in point.evidence
    same, _, _ = said({})
    assert "no difference in collapse" in same.points[0].verdict
    assert "on 0 of 1 data sets" in same.short


def test_a_combination_adds_only_what_is_beyond_all_of_its_parts() -> None:
    both = ("vae", "skip+aggressive")
    for effect, wanted in [
        (-9.0, "better than each of its parts."),
        (-5.0, "no gain over all of its parts is shown."),
        (-2.0, "worse than `skip`."),
    ]:
        *_, combinations = said(
            {("vae", "skip"): (-5.0, 0), ("vae", "aggressive"): (-2.0, 0), both: (effect, 0)}
        )
        assert verdict(combinations, "skip+aggressive", "vae") == wanted


def test_without_two_seeds_or_without_what_to_compare_with_nothing_is_claimed() -> None:
    models, methods, combinations = said({("vae", "skip"): (-50.0, -0.4)}, seeds=1)
    text = " ".join(
        point.verdict + point.evidence
        for answer in (models, methods, combinations)
        for point in answer.points
    )
    assert verdict(methods, "skip", "vae") == "no interval can be given with one seed."
    assert "one seed: no interval" in text
    assert not any(word in text for word in ("better", "worse", "less than", "remedy", "nan", "shown"))
    assert {answer.short for answer in (models, methods, combinations)} == {
        "With one seed nothing is shown to be beyond chance."
    }
    assert "**Not shown by this grid**" in said({}, vae=None)[0].short
    assert all(
        "**Not shown by this grid**" in answer.short
        for answer in said({}, methods=["skip"], plain=None, combinations={})
    )
    alone = said({}, methods=["plain", "skip", "skip+aggressive"])[2]
    assert "not shown by this grid" in verdict(alone, "skip+aggressive", "vae")


def test_information_at_its_cap_is_no_evidence() -> None:
    models, methods, _ = said({}, mi=lambda cell: (6.0, True))
    assert "at the cap of both estimates: no difference can be shown" in models.points[0].evidence
    assert not any(", mi " in point.evidence for point in methods.points)


def test_every_claim_has_an_interval() -> None:
    for answer in said({("vae", "skip"): (-5.0, -0.2), ("control_vae", "plain"): (-3.0, -0.4)}):
        assert answer.points
        assert all("[" in point.evidence for point in answer.points)


def test_numbers_have_two_digits_of_their_interval() -> None:
    assert show(-33.19175, -37.23, -29.153, " nats") == "−33.2 nats [−37.2, −29.2]"
    assert show(0.0625, -0.019, 0.144, " %", signed=False) == "6.2 % [−1.9, 14.4]"
    assert show(1234.5, 1200.0, 1269.0) == "+1234 [+1200, +1269]"
    assert "no interval" in show(1.0, float("nan"), float("nan"))
    cell = {"nll": 153.845, "nll_low": 149.39, "nll_high": 158.3, "mi": 6.15, "mi_low": 6.1, "mi_high": 6.2, "mi_at_cap": True, "kl": 17.8, "collapsed": 0.5, "collapsed_low": 0.48, "collapsed_high": 0.52, **dict.fromkeys(["probe_accuracy", "probe_accuracy_low", "probe_accuracy_high"], float("nan"))}  # fmt: skip
    assert plus_minus(cell, "nll") == "153.8 ± 4.5"
    assert plus_minus(cell, "mi") == "6.15 to 17.80"
    assert plus_minus(cell, "collapsed") == "50.0 % [48.0, 52.0]"
    assert plus_minus(cell, "probe_accuracy") == ""
    row = {"measure": "kl", "at_cap": "", "beyond_chance": True, "difference": 2.0, "low": 1.0, "high": 3.0}
    assert difference(row, 0.1) == ("+2.0 [+1.0, +3.0]", "changed")
    assert difference({**row, "measure": "nll"}, 0.1)[1] == "worse"
    assert difference({**row, "measure": "mi"}, 0.1)[1] == "better"
    assert difference({**row, "measure": "mi"}, 2.5)[1] == "", "too little to count"
    assert difference({**row, "measure": "mi", "at_cap": "one"}, 0.1) == (
        "at least +2.0 [+1.0, +3.0]",
        "better",
    )
    assert difference({**row, "measure": "mi", "at_cap": "both"}, 0.1) == ("", "")
