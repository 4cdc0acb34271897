"""The picture at the top of the report: the verdict on each cell, and three sentences at most."""

import dataclasses
from typing import Any

import pytest
from made_results import Effects, results_of

from uncollapse.experiment.cells import Cell
from uncollapse.report import matrix
from uncollapse.report.agreement import find_disagreements
from uncollapse.report.answers import answer_questions
from uncollapse.report.headline import MOST_SENTENCES, write_headline
from uncollapse.report.markdown import make_markdown
from uncollapse.report.matrix import Square, make_squares
from uncollapse.results.evidence import Evidence
from uncollapse.results.robust import EVERY_EPS, describe_dependence, robust_direction

SKIP = ("vae", "skip")
REMEDY: Effects = {SKIP: (-5.0, -0.2)}


def square(name: tuple[str, str] = SKIP, effects: Effects = REMEDY, **options: Any) -> Square:
    found = make_squares(Evidence(results_of(effects, **options)))
    return next(one for one in found if one.cell == Cell("toy", *name))


@pytest.mark.parametrize(
    ("fit", "share", "cost", "at_equal_work", "label"),
    [
        (-5.0, -0.2, 1.0, 0.0, "helps"),
        (0.0, -0.2, 1.0, 0.0, "helps"),
        (-5.0, 0.0, 9.0, 5.0, "helps"),
        (-5.0, 0.0, 9.0, 0.0, "helps only at more work"),
        (-5.0, 0.0, 9.0, -5.0, "helps only at more work"),
        (-5.0, 0.2, 1.0, 0.0, "trade-off"),
        (5.0, -0.2, 1.0, 0.0, "trade-off"),
        (0.0, 0.0, 9.0, 0.0, "no difference shown"),
        (5.0, 0.0, 1.0, 0.0, "worse"),
        (0.0, 0.2, 1.0, 5.0, "worse"),
    ],
)
def test_a_verdict_is_of_what_is_shown_on_both_rulers(
    fit: float, share: float, cost: float, at_equal_work: float, label: str
) -> None:
    found = square(effects={SKIP: (fit, share)}, costs={SKIP: cost}, at_equal_work={SKIP: at_equal_work})
    assert found.label == label
    nll, collapsed, work = found.lines
    assert nll.text.startswith("nll ")
    assert nll.text.endswith(" nats")
    assert (nll.strong, collapsed.strong) == (fit != 0, share != 0)
    assert work.text == f"{cost:.2g}× the work"


def test_what_has_not_converged_or_has_one_seed_does_not_count() -> None:
    for cell in (SKIP, ("vae", "plain")):
        results = results_of(REMEDY, unconverged=[cell])
        evidence = Evidence(results)
        found = make_squares(evidence)
        assert next(one for one in found if one.cell[1:] == SKIP).label == "not converged"
        assert write_headline(evidence, found) == []
    evidence = Evidence(results_of(REMEDY, seeds=1))
    assert square(seeds=1).label == "no interval"
    assert write_headline(evidence, make_squares(evidence)) == []


@pytest.mark.parametrize("cell", [SKIP, ("vae", "plain")])
def test_what_diverged_in_some_seeds_does_not_count(cell: tuple[str, str]) -> None:
    results = results_of(REMEDY, diverged=[("toy", *cell, 9, 3)])
    evidence = Evidence(results)
    found = make_squares(evidence)
    skip = next(one for one in found if one.cell[1:] == SKIP)
    assert skip.label == "diverges"
    of = "" if cell == SKIP else " of its reference"
    assert skip.lines[-1].text == f"1 of 4 seeds{of} diverged"
    assert write_headline(evidence, found) == []
    assert (
        not results.comparison[results.comparison["method"] == "skip"]
        .query("model == 'vae'")["beyond_chance"]
        .any()
    )


def test_references_and_missing_cells_have_squares_without_a_verdict() -> None:
    assert square(("vae", "plain")).label == "reference"
    model = square(("control_vae", "plain"), {("control_vae", "plain"): (-3.0, -0.4)})
    assert (model.label, model.lines[-1].text) == ("helps", "compared with vae")
    alone = square(methods=["skip"], plain=None, combinations={})
    assert alone.label == "nothing to compare with"
    results = results_of(REMEDY)
    kept = results.means[results.means["method"] != "skip"]
    missing = {cell: "it diverged" for cell in results.cells if cell.method == "skip"}
    found = make_squares(Evidence(dataclasses.replace(results, missing=missing, means=kept)))
    assert len(found) == len(results.cells)
    assert {one.label for one in found if one.cell.method == "skip"} == {"failed"}


def test_more_models_than_methods_stand_one_below_the_other() -> None:
    for methods, sides in ((["plain"], ("model", "method")), (["plain", "skip"], ("method", "model"))):
        evidence = Evidence(results_of({}, methods=methods))
        down, across, *_ = matrix.choose_sides(evidence)
        assert (down, across) == sides
        names = {"model": ["vae", "control_vae"], "method": methods}
        rows = matrix.group_by_row(make_squares(evidence), down)["toy"]
        assert list(rows) == names[down]
        for row in rows.values():
            assert [getattr(one.cell, across) for one in row] == names[across]
        lines = [line.split(" | ") for line in make_markdown(evidence).splitlines()]
        assert [line[0].strip("| `") for line in lines] == [down, "---", *names[down]]
        assert [name.strip(" |") for name in lines[0][1:]] == [f"toy {name}" for name in names[across]]
        layer = matrix.draw_matrix(evidence).to_dict()["spec"]["layer"][0]
        assert [layer["encoding"][side]["field"] for side in "yx"] == [down, across]


def test_the_headline_says_what_is_shown_with_data_budget_and_cost() -> None:
    effects: Effects = {SKIP: (-5.0, -0.2), ("vae", "adversarial"): (5.0, 0.0)}
    effects |= {("vae", "aggressive"): (-5.0, 0.0), ("control_vae", "plain"): (-3.0, -0.4)}
    evidence = Evidence(results_of(effects, costs={("vae", "aggressive"): 9.0}))
    sentences = write_headline(evidence, make_squares(evidence))
    assert len(sentences) == MOST_SENTENCES
    assert sentences[0].startswith("`skip` helps in 1 of 2 comparisons with `plain` (on toy, converged in 10")
    assert "`control_vae` helps in 1 of 1 comparisons with `vae`" in sentences[1]
    assert "`aggressive` helps only at more work in 1 of 2" in sentences[2]
    assert "9 times the work" in sentences[2]
    assert all(" nats [" in text or " points [" in text for text in sentences), "each with its interval"
    nothing = Evidence(results_of({}))
    assert write_headline(nothing, make_squares(nothing)) == []


def test_every_claim_names_data_budget_and_cost() -> None:
    evidence = Evidence(results_of(REMEDY))
    for answer in answer_questions(evidence):
        assert "on toy" in answer.short
        for text in (answer.short, *(point.numbers for point in answer.points)):
            assert "converged in 10 epochs" in text
            assert "work" in text
        assert all("toy:" in point.statement for point in answer.points)


def test_less_collapse_is_claimed_only_if_it_holds_at_every_eps() -> None:
    evidence = Evidence(results_of({SKIP: (-5.0, -0.2)}, only_below={SKIP: 0.15}))
    depends = "less collapse at eps 0.01, 0.02, 0.05 and 0.1, but not at 0.2 and 0.5: no claim"
    (point,) = [
        point for point in answer_questions(evidence)[1].points if "`skip` on `vae`" in point.statement
    ]
    assert "no difference in collapse shown, better likelihood" in point.statement
    assert "collapse depends on eps" in point.statement
    assert depends in point.numbers
    found = square(effects={SKIP: (0.0, -0.2)}, only_below={SKIP: 0.15})
    assert found.label == "no difference shown"
    assert "depends on eps" in found.lines[2].text
    assert "**50→" not in make_markdown(evidence)
    assert "**50→" in make_markdown(Evidence(results_of(REMEDY)))


def test_a_direction_is_robust_only_if_it_is_the_same_everywhere() -> None:
    for sign in (1, 0, -1):
        same = dict.fromkeys(EVERY_EPS, sign)
        assert (robust_direction(same), describe_dependence(same)) == (sign, "")
        for eps in EVERY_EPS:
            for other in {1, 0, -1} - {sign}:
                assert robust_direction({**same, eps: other}) == 0
                assert f"{eps:g}" in describe_dependence({**same, eps: other})


def test_collapse_is_of_information_where_that_was_measured() -> None:
    cells = [(model, method) for model in ("vae", "control_vae") for method in ("plain", "skip")]
    plain = {cell: {"uninformative": 0.5} for cell in cells}

    def evidence(effects: Effects, skip: float) -> Evidence:
        measured = {**plain, SKIP: {"uninformative": skip}}
        return Evidence(results_of(effects, methods=["plain", "skip"], combinations={}, measured=measured))

    agreeing = evidence({SKIP: (0.0, -0.2)}, 0.3)
    assert find_disagreements(agreeing) == []
    label = {one.cell[1:]: one for one in make_squares(agreeing)}[SKIP]
    assert (label.label, label.lines[1].text.split()[0]) == ("helps", "uninformative")
    dead = evidence({SKIP: (0.0, -0.4)}, 0.5)
    assert {one.cell[1:]: one.label for one in make_squares(dead)}[SKIP] == "no difference shown"
    (point,) = find_disagreements(dead)
    assert "50 % of the dimensions carry less than 0.1 nats of information" in point.statement
    assert "only 10 % are (0.1, 0.01)-collapsed" in point.statement
    opposite = find_disagreements(evidence({SKIP: (0.0, -0.05)}, 0.8))
    assert any("the two measures of collapse disagree" in point.statement for point in opposite)
    assert "[" in opposite[-1].numbers


def test_where_both_measures_of_collapse_agree_nothing_is_said() -> None:
    assert find_disagreements(Evidence(results_of(REMEDY))) == []
