"""The sentences of the report claim what the numbers show, and nothing else."""

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
from made_grid import METHODS, measures

from uncollapse.experiment.cells import Cell
from uncollapse.measures import columns
from uncollapse.report.answers import Answer, answers
from uncollapse.report.evidence import Evidence
from uncollapse.report.numbers import effect, mean_of, show
from uncollapse.report.results import Results, all_means, front
from uncollapse.report.table import difference
from uncollapse.statistics import compare, pairs

ROLES = {"vae": "vae", "plain": "plain", "combinations": {"skip+aggressive": ["skip", "aggressive"]}}
Effects = dict[tuple[str, str], tuple[float, float]]  # (model, method): of the nll and of the collapsed share
Information = Callable[[Cell], tuple[float, bool]]  # mi, and whether it is at its cap


def four_nats(cell: Cell) -> tuple[float, bool]:
    return 4.0, False


def skip_has(mi: float, capped: bool) -> Information:
    return lambda cell: (mi, capped) if cell.method == "skip" else four_nats(cell)


def results_of(
    effects: Effects,
    *,
    seeds: int = 4,
    methods: Sequence[str] = METHODS,
    mi: Information = four_nats,
    **roles: Any,
) -> Results:
    """Results with the given effects, 10 nats between seeds, and noise: 0.1 in nll, 0.02 in the share."""
    rng, rows = np.random.default_rng(0), []
    cells = [Cell("toy", model, method) for model in ("vae", "control_vae") for method in methods]
    for cell in cells:
        fit, share = effects.get((cell.model, cell.method), (0.0, 0.0))
        information, capped = mi(cell)
        for seed in range(seeds):
            nll = 100 + 10 * seed + fit + rng.normal(0, 0.1)
            row = measures(seed, nll, 0.5 + share + rng.normal(0, 0.02), labels=True, aggressive=False)
            noisy = {"mi": information + rng.normal(0, 0.01), "mi_at_cap": capped}
            rows.append({**cell._asdict(), **row, **noisy})
    summary = pd.DataFrame(rows)
    history = summary.assign(epoch=1, beta=0.5)
    roles = {**ROLES, **roles}
    evaluation = {"eps": 0.1, "delta": 0.01}
    return Results(
        grid={**roles, "cells": cells, "seeds": list(range(seeds)), "evaluation": evaluation},
        missing={},
        summary=summary,
        history=history,
        thresholds=pd.DataFrame(),
        maps=pd.DataFrame(),
        means=all_means(summary, history, roles["plain"]),
        comparison=compare(summary, pairs(cells, **roles)),
    )


def answered(effects: Effects, **options: Any) -> list[Answer]:
    return answers(results_of(effects, **options))


def verdict(answer: Answer, *names: str) -> str:
    """The verdict on a cell."""
    (point,) = [
        point for point in answer.points if all(f"`{name}`" in point.verdict.split(":")[0] for name in names)
    ]
    return point.verdict.split(": ", 1)[1]


@pytest.mark.parametrize(
    ("fit", "share", "expected"),
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
    fit: float, share: float, expected: str
) -> None:
    _, methods, _ = answered({("vae", "skip"): (fit, share)})
    assert verdict(methods, "skip", "vae") == expected
    assert verdict(methods, "skip", "control_vae") == "no effect shown."


@pytest.mark.parametrize(
    ("gain", "capped", "expected"),
    [
        (1.0, False, "a remedy: more information, better likelihood."),
        (1.0, True, "a remedy: more information, better likelihood."),
        (0.05, False, "no difference in collapse shown, better likelihood."),
        (-1.0, False, "less information, better likelihood."),
    ],
)
def test_information_counts_where_it_can_be_told(gain: float, capped: bool, expected: str) -> None:
    _, methods, _ = answered({("vae", "skip"): (-5.0, 0.0)}, mi=skip_has(4.0 + gain, capped))
    assert verdict(methods, "skip", "vae") == expected
    (evidence,) = [point.evidence for point in methods.points if "`skip` on `vae`" in point.verdict]
    assert ("mi at least" in evidence) is capped


def test_less_information_is_named_beside_less_collapse() -> None:
    _, methods, _ = answered({("vae", "skip"): (-5.0, -0.2)}, mi=skip_has(3.0, False))
    assert verdict(methods, "skip", "vae") == "less collapse, less information, better likelihood."
    assert "`skip` improves the likelihood in 1 of 2 comparisons and reduces collapse in 0" in methods.short


def test_the_models_are_compared_with_their_numbers() -> None:
    models, _, _ = answered({("control_vae", "plain"): (-3.0, -0.4)})
    assert models.question.startswith("Is control_vae susceptible")
    expected = (
        "collapses less than `vae` on 1 of 1 data sets, more on 0; its likelihood is better on 1, worse on 0"
    )
    assert expected in models.short
    (point,) = models.points
    assert "some dimensions have collapsed in 4 of 4 seeds" in point.verdict
    numbers = re.search(r"−([\d.]+) points \[−([\d.]+), −([\d.]+)\]", point.evidence)
    assert numbers is not None
    assert float(numbers[1]) == pytest.approx(40, abs=3)
    assert float(numbers[3]) < 40 < float(numbers[2])
    assert "seeds: 4" in point.evidence
    same, _, _ = answered({})
    assert "no difference in collapse" in same.points[0].verdict
    assert "on 0 of 1 data sets" in same.short


@pytest.mark.parametrize(
    ("fit", "expected"),
    [
        (-9.0, "better than each of its parts."),
        (-5.0, "no gain over all of its parts is shown."),
        (-2.0, "worse than `skip`."),
    ],
)
def test_a_combination_adds_only_what_is_beyond_all_of_its_parts(fit: float, expected: str) -> None:
    parts: Effects = {("vae", "skip"): (-5.0, 0), ("vae", "aggressive"): (-2.0, 0)}
    *_, combinations = answered({**parts, ("vae", "skip+aggressive"): (fit, 0)})
    assert verdict(combinations, "skip+aggressive", "vae") == expected


def test_with_one_seed_nothing_is_claimed() -> None:
    with_one_seed = answered({("vae", "skip"): (-50.0, -0.4)}, seeds=1)
    text = " ".join(point.verdict + point.evidence for answer in with_one_seed for point in answer.points)
    assert verdict(with_one_seed[1], "skip", "vae") == "no interval can be given with one seed."
    assert "one seed: no interval" in text
    assert not any(word in text for word in ("better", "worse", "less than", "remedy", "nan", "shown"))
    assert {answer.short for answer in with_one_seed} == {
        "With one seed nothing is shown to be beyond chance."
    }


def test_what_a_grid_does_not_have_is_not_answered() -> None:
    assert "**Not shown by this grid**: it has no VAE" in answered({}, vae=None)[0].short
    without_plain = answered({}, methods=["skip"], plain=None, combinations={})
    assert all("**Not shown by this grid**" in answer.short for answer in without_plain)
    without_part = answered({}, methods=["plain", "skip", "skip+aggressive"])[2]
    assert "not shown by this grid" in verdict(without_part, "skip+aggressive", "vae")


def test_information_at_its_cap_is_no_evidence() -> None:
    models, methods, _ = answered({}, mi=lambda cell: (6.0, True))
    assert "at their cap, so no difference can be shown" in models.points[0].evidence
    assert not any(", mi " in point.evidence for point in methods.points)


def test_every_claim_has_an_interval() -> None:
    for answer in answered({("vae", "skip"): (-5.0, -0.2), ("control_vae", "plain"): (-3.0, -0.4)}):
        assert answer.points
        assert all("[" in point.evidence for point in answer.points)


def test_numbers_have_two_digits_of_their_interval() -> None:
    assert show(-33.19175, -37.23, -29.153, " nats") == "−33.2 nats [−37.2, −29.2]"
    assert show(0.0625, -0.019, 0.144, " %", scale=100, signed=False) == "6.2 % [−1.9, 14.4]"
    assert show(1234.5, 1200.0, 1269.0) == "+1234 [+1200, +1269]"
    assert "no interval" in show(1.0, float("nan"), float("nan"))


@pytest.mark.parametrize(
    ("measure", "mean", "low", "high", "expected"),
    [
        ("nll", 153.845, 149.39, 158.3, "153.8 ± 4.5"),
        ("elbo", -153.845, -158.3, -149.39, "−153.8 ± 4.5"),
        ("mi", 6.15, 6.1, 6.2, "6.15 to 17.80"),
        ("collapsed", 0.5, 0.48, 0.52, "50.0 % [48.0, 52.0]"),
        ("probe_accuracy", float("nan"), float("nan"), float("nan"), ""),
        ("nll", 153.845, float("nan"), float("nan"), "153.84"),
    ],
)
def test_a_mean_is_shown_with_its_interval(
    measure: str, mean: float, low: float, high: float, expected: str
) -> None:
    means = {measure: mean, f"{measure}_low": low, f"{measure}_high": high, "mi_at_cap": True, "kl": 17.8}
    assert mean_of(means, measure, columns()[measure]) == expected


@pytest.mark.parametrize(
    ("measure", "change", "at_cap", "expected"),
    [
        ("kl", 2.0, "", ("+2.0 [+1.0, +3.0]", "changed")),
        ("nll", 2.0, "", ("+2.0 [+1.0, +3.0]", "worse")),
        ("mi", 2.0, "", ("+2.0 [+1.0, +3.0]", "better")),
        ("mi", 0.05, "", ("+0.1 [−0.9, +1.1]", "")),  # less than eps
        ("mi", 2.0, "one", ("at least +2.0 [+1.0, +3.0]", "better")),
        ("mi", 2.0, "both", ("", "")),
    ],
)
def test_a_difference_in_the_table_has_its_sign(
    measure: str, change: float, at_cap: str, expected: tuple[str, str]
) -> None:
    row = {"measure": measure, "at_cap": at_cap, "beyond_chance": True, "difference": change}
    row |= {"low": change - 1, "high": change + 1}
    evidence = Evidence(results_of({}, methods=["plain"]))
    assert difference(row, evidence) == expected
    assert difference({**row, "beyond_chance": False}, evidence) == (expected[0], "")


@pytest.mark.parametrize(
    ("measure", "unit"), [("nll", " nats"), ("collapsed", " points"), ("active_units", "")]
)
def test_a_difference_has_the_unit_of_its_measure(measure: str, unit: str) -> None:
    row = {"measure": measure, "at_cap": "", "difference": 0.5, "low": 0.0, "high": 1.0}
    assert re.sub(r"[-+\d.]", "", effect(row).split(" [")[0]) == unit


def test_the_front_are_the_cells_that_no_cell_of_their_data_set_beats() -> None:
    rng = np.random.default_rng(0)
    mi = rng.integers(0, 4, 40) * 1.0
    means = pd.DataFrame(
        {
            "dataset": ["a", "b"] * 20,
            "nll": rng.integers(0, 5, 40),
            "mi": mi,
            "mi_cap": 2.2,
            "mi_at_cap": mi > 1.7,
        }
    )
    at_cap = np.where(mi > 1.7, 2.2, mi)

    def beats(i: int, j: int) -> bool:
        pair = [(means["nll"][i], means["nll"][j]), (-at_cap[i], -at_cap[j])]
        return (
            means["dataset"][i] == means["dataset"][j]
            and all(a <= b for a, b in pair)
            and any(a < b for a, b in pair)
        )

    expected = [not any(beats(i, j) for i in means.index) for j in means.index]
    assert front(means).tolist() == expected
    assert 0 < sum(expected) < len(expected)
