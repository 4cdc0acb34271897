"""The sentences of the report claim what the numbers show, and nothing else."""

import re
from typing import Any

import pytest
from made_results import Effects, results_of, skip_has

from uncollapse.report.answers import answer_questions
from uncollapse.report.answers.answer import Answer
from uncollapse.results.evidence import Evidence


def answered(effects: Effects, **options: Any) -> list[Answer]:
    return answer_questions(Evidence(results_of(effects, **options)))


SAME = "; no difference shown at equal work"


def verdict(answer: Answer, *names: str) -> str:
    """The verdict on a cell, without what is said where nothing differs at equal work."""
    (point,) = [
        point
        for point in answer.points
        if all(f"`{name}`" in point.statement.split(":")[0] for name in names)
    ]
    return point.statement.split(": ", 1)[1].replace(SAME, "")


@pytest.mark.parametrize(
    ("fit", "share", "expected"),
    [
        (-5.0, -0.2, "helps: less collapse, better likelihood."),
        (0.0, -0.2, "helps: less collapse, no difference in likelihood shown."),
        (5.0, -0.2, "trade-off: less collapse, worse likelihood."),
        (-5.0, 0.0, "helps: no difference in collapse shown, better likelihood."),
        (0.0, 0.0, "no difference shown."),
        (5.0, 0.0, "worse: no difference in collapse shown, worse likelihood."),
        (-5.0, 0.2, "trade-off: more collapse, better likelihood."),
        (5.0, 0.2, "worse: more collapse, worse likelihood."),
    ],
)
def test_a_method_is_judged_by_likelihood_and_collapse_together(
    fit: float, share: float, expected: str
) -> None:
    _, methods, _ = answered({("vae", "skip"): (fit, share)})
    assert verdict(methods, "skip", "vae") == expected
    assert verdict(methods, "skip", "control_vae") == "no difference shown."


@pytest.mark.parametrize(
    ("gain", "capped", "expected"),
    [
        (1.0, False, "helps: more information, better likelihood."),
        (1.0, True, "helps: more information, better likelihood."),
        (0.05, False, "helps: no difference in collapse shown, better likelihood."),
        (-1.0, False, "trade-off: less information, better likelihood."),
    ],
)
def test_information_counts_where_it_can_be_told(gain: float, capped: bool, expected: str) -> None:
    _, methods, _ = answered({("vae", "skip"): (-5.0, 0.0)}, mi=skip_has(4.0 + gain, capped))
    assert verdict(methods, "skip", "vae") == expected
    (evidence,) = [point.numbers for point in methods.points if "`skip` on `vae`" in point.statement]
    assert ("mi at least" in evidence) is capped


def test_less_information_is_named_beside_less_collapse() -> None:
    _, methods, _ = answered({("vae", "skip"): (-5.0, -0.2)}, mi=skip_has(3.0, False))
    assert verdict(methods, "skip", "vae") == "trade-off: less collapse, less information, better likelihood."
    assert "`skip` improves the likelihood in 1 of 2 comparisons and reduces collapse in 0" in methods.short


@pytest.mark.parametrize(("gain", "word"), [(5.0, "better"), (-5.0, "worse"), (0.0, "no difference shown")])
def test_a_verdict_names_both_rulers_and_what_has_not_converged(gain: float, word: str) -> None:
    results = results_of({("vae", "skip"): (-5.0, -0.2)}, at_equal_work={("vae", "skip"): gain})
    _, methods, _ = answer_questions(Evidence(results))
    (point,) = [point for point in methods.points if "`skip` on `vae`" in point.statement]
    assert point.statement.endswith(f"helps: less collapse, better likelihood; {word} at equal work.")
    assert "validation elbo at equal work" in point.numbers
    results = results_of({}, unconverged=[("vae", "skip")])
    assert [tuple(cell) for cell in results.unconverged] == [("toy", "vae", "skip")]
    _, methods, _ = answer_questions(Evidence(results))
    marked = [point.statement for point in methods.points if "not converged" in point.statement]
    assert marked == ["`skip` on `vae`, toy: not converged."]


def test_nothing_is_claimed_of_what_diverged_in_some_seeds() -> None:
    effects = {("vae", "skip"): (-5.0, -0.2), ("vae", "skip+aggressive"): (-9.0, -0.3)}
    _, methods, combinations = answer_questions(
        Evidence(results_of(effects, diverged=[("toy", "vae", "skip", 7, 2)]))
    )
    assert "`skip` improves the likelihood in 0 of 2 comparisons and reduces collapse in 0" in methods.short
    (point,) = [point for point in methods.points if "`skip` on `vae`" in point.statement]
    assert point.statement == "`skip` on `vae`, toy: diverges."
    (point,) = [point for point in combinations.points if "on `vae`" in point.statement]
    assert "no gain over all of its parts is shown" in point.statement
    assert "one more run diverged" in point.numbers


def test_the_models_are_compared_with_their_numbers() -> None:
    models, _, _ = answered({("control_vae", "plain"): (-3.0, -0.4)})
    assert models.question.startswith("Is control_vae susceptible")
    expected = (
        "collapses less than `vae` on 1 of 1 data sets, more on 0; its likelihood is better on 1, worse on 0"
    )
    assert expected in models.short
    (point,) = models.points
    assert "some dimensions have collapsed in 4 of 4 seeds" in point.statement
    numbers = re.search(r"−([\d.]+) points \[−([\d.]+), −([\d.]+)\]", point.numbers)
    assert numbers is not None
    assert float(numbers[1]) == pytest.approx(40, abs=3)
    assert float(numbers[3]) < 40 < float(numbers[2])
    assert "seeds: 4" in point.numbers
    same, _, _ = answered({})
    assert "toy: no difference shown; " in same.points[0].statement
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


def test_a_method_that_has_a_control_is_held_against_it_too() -> None:
    lost: Effects = {("vae", "skip"): (4.0, 0), ("vae", "aggressive"): (6.0, 0)}
    _, methods, _ = answered(lost, controls={"skip": "aggressive"})
    words = "worse likelihood; likelihood against its control: better."
    assert verdict(methods, "skip", "vae").endswith(words)
    assert "against its control: no difference shown" in verdict(methods, "skip", "control_vae")
    (point,) = [point for point in methods.points if point.statement.startswith("`skip` on `vae`")]
    assert re.search(r"nll −2\.\d+ nats \[.*\] compared with `aggressive`", point.numbers)


def test_with_one_seed_nothing_is_claimed() -> None:
    with_one_seed = answered({("vae", "skip"): (-50.0, -0.4)}, seeds=1)
    text = " ".join(point.statement + point.numbers for answer in with_one_seed for point in answer.points)
    assert verdict(with_one_seed[1], "skip", "vae") == "no interval."
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
    assert "at their cap, so no difference can be shown" in models.points[0].numbers
    assert not any(", mi " in point.numbers for point in methods.points)


def test_every_claim_has_an_interval() -> None:
    for answer in answered({("vae", "skip"): (-5.0, -0.2), ("control_vae", "plain"): (-3.0, -0.4)}):
        assert answer.points
        assert all("[" in point.numbers for point in answer.points)
