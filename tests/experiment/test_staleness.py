"""A recipe changes when something changes that its numbers depend on, and never else."""

import re

import pytest
from edits import Edit, constants, documentation, edit, edit_all, errors, every_function, only, printed
from stale_recipes import changed

from uncollapse.experiment.digests import Code
from uncollapse.experiment.make_recipes import Content
from uncollapse.experiment.params import Params
from uncollapse.registry import PACKAGE, list_names

MEASURES = [
    name for name in list_names("measures") if "def measure(" in (PACKAGE / f"measures/{name}.py").read_text()
]


@pytest.mark.parametrize("change", [errors, documentation, printed, constants("COLUMNS", "EXAMPLE")])
def test_what_is_said_and_shown_makes_no_cell_stale(
    copy: Code, params: Params, before: dict[str, Content], change: Edit
) -> None:
    for file in [*copy.package.rglob("*.py"), *copy.stages.rglob("*.py")]:
        edit(file, change)
    assert changed(before, params, copy) <= {"report", "track"}


@pytest.mark.parametrize(
    ("path", "stale"),
    [
        ("pipeline/pool.py", "(pretrain|train|evaluate)/.*"),
        ("pipeline/cache.py", "(pretrain|train|evaluate)/.*"),
        ("pipeline/stage.py", ".*/.*|calibrate"),
        ("experiment/schema.py", ""),
        ("tables.py", ".*/.*|calibrate"),
        ("measures/laws.py", "report"),
        ("report/charts", "report"),
        ("report/answers", "report"),
        ("results/verdict.py", "report|track"),  # the verdict is a tag in MLflow
        ("tracking/mirror.py", "track"),
        ("training/loop.py", "(pretrain|train)/.*|calibrate"),
        ("vae.py", "(pretrain|train|evaluate)/.*|calibrate"),
        ("seeds.py", ".*/.*|calibrate"),
        ("registry.py", ".*/.*|calibrate"),
        ("compute/device.py", ".*/.*|calibrate"),
        ("data/sources/kjv.py", "prepare/kjv"),
        ("data/prepare.py", "prepare/.*"),
        ("nets/mlp.py", "(pretrain|train|evaluate)/mnist5k-.*"),
        ("likelihoods/categorical.py", ".*/kjv.*"),
        ("methods/decoder/skip.py", "(pretrain|train|evaluate)/.*-skip"),
        ("methods/inference/aggressive.py", "(train|evaluate)/.*-aggressive"),
        (
            "methods/inference/joint.py",
            "(train|evaluate)/.*-(plain|skip|pretrained|noise[+]adversarial)|calibrate",
        ),
        ("methods/kl_weight/pi.py", "train/.*-control_vae-.*|calibrate"),
        ("methods/perturbation/noise.py", r"train/.*-noise[+]adversarial"),
        ("methods/perturbation/word_dropout.py", ""),
        ("methods/pretraining/classifier.py", "(pretrain|train)/.*-pretrained"),
        ("measures/likelihood.py", "evaluate/.*|calibrate"),
        ("samples/generate.py", "evaluate/.*"),
    ],
)
def test_an_edit_makes_exactly_those_stale_that_use_it(
    copy: Code, params: Params, before: dict[str, Content], path: str, stale: str
) -> None:
    edit_all(copy.package / path, every_function)
    names = changed(before, params, copy)
    # nothing is tuned, and what is copied is never out of date
    expected = {name for name in before if re.fullmatch(stale, name) and not name.startswith("tune/")}
    assert names - {"report", "track"} == expected - {"report", "track"}
    if any("/" in name for name in expected):
        assert names >= {"report", "track"}  # they show what the cells are made from
    elif expected:
        assert names == expected


@pytest.mark.parametrize("file", ["template/report.html", "template/report.css", "charts/__init__.py"])
def test_an_edit_of_the_page_makes_only_the_report_stale(
    copy: Code, params: Params, before: dict[str, Content], file: str
) -> None:
    page = copy.package / "report" / file
    page.write_text(page.read_text() + "\n# other\n")
    assert changed(before, params, copy) == {"report"}


def test_a_docstring_of_a_method_makes_the_report_stale(
    copy: Code, params: Params, before: dict[str, Content]
) -> None:
    edit(copy.package / "methods/decoder/skip.py", documentation)
    assert changed(before, params, copy) == {"report"}


@pytest.mark.parametrize("name", MEASURES)
def test_an_edit_of_a_measure_makes_every_evaluation_stale_and_no_training(
    copy: Code, params: Params, before: dict[str, Content], name: str
) -> None:
    edit(copy.package / f"measures/{name}.py", only("measure"))
    evaluations = {recipe for recipe in before if recipe.startswith("evaluate/")}
    assert changed(before, params, copy) == evaluations | {"report", "track"}


def test_the_titles_of_measures_make_only_the_report_stale(
    copy: Code, params: Params, before: dict[str, Content]
) -> None:
    for name in MEASURES:
        edit(copy.package / f"measures/{name}.py", constants("COLUMNS"))
    assert changed(before, params, copy) == {"report"}


def test_a_new_measure_is_found_by_its_folder(copy: Code, params: Params, before: dict[str, Content]) -> None:
    (copy.package / "measures/made_up.py").write_text("COLUMNS = {}\n\ndef measure(run):\n    return {}\n")
    evaluations = {recipe for recipe in before if recipe.startswith("evaluate/")}
    assert changed(before, params, copy) == evaluations | {"report", "track"}


def test_a_new_chart_is_found_by_its_folder(copy: Code, params: Params, before: dict[str, Content]) -> None:
    (copy.package / "report/charts/made_up.py").write_text("TITLE = 'made up'\n")
    assert changed(before, params, copy) == {"report"}
