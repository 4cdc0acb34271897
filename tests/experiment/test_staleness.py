"""A recipe changes when something changes that its numbers depend on, and never else."""

import re
import shutil
from pathlib import Path

import pytest
import yaml
from edits import Edit, constants, documentation, edit, errors, every_function, only, printed, replaced

from uncollapse.experiment.digests import WATCHERS, Code
from uncollapse.experiment.params import Params
from uncollapse.experiment.recipes import Recipe, recipes
from uncollapse.registry import PACKAGE, list_names

ROOT = Path(__file__).parent.parent.parent
CODE = Code(PACKAGE, ROOT / "stages")
GRID = {
    "datasets": ["mnist5k", "kjv"],
    "models": ["vae", "control_vae"],
    "methods": ["plain", "skip", "aggressive", "pretrained", "noise+adversarial"],
    "seeds": [0],
}
MEASURES = [
    name for name in list_names("measures") if "def measure(" in (PACKAGE / f"measures/{name}.py").read_text()
]


@pytest.fixture(scope="module")
def params(tmp_path_factory: pytest.TempPathFactory) -> Params:
    file = tmp_path_factory.mktemp("params") / "params.yaml"
    file.write_text(yaml.safe_dump(yaml.safe_load((ROOT / "params.yaml").read_text()) | {"grid": GRID}))
    return Params(file)


@pytest.fixture(scope="module")
def before(params: Params) -> dict[str, Recipe]:
    return recipes(params, CODE)


@pytest.fixture
def copy(tmp_path: Path) -> Code:
    """A copy of the code, to edit."""
    ignore = shutil.ignore_patterns("__pycache__")
    package = shutil.copytree(PACKAGE, tmp_path / "src" / "uncollapse", ignore=ignore)
    return Code(package, shutil.copytree(ROOT / "stages", tmp_path / "stages", ignore=ignore))


def changed(before: dict[str, Recipe], params: Params, code: Code) -> set[str]:
    """The recipes that the code makes other ones."""
    after = recipes(params, code)
    assert after.keys() == before.keys()
    return {name for name in before if after[name] != before[name]}


@pytest.mark.parametrize("change", [errors, documentation, printed, constants("COLUMNS", "EXAMPLE")])
def test_what_is_said_and_shown_makes_no_cell_stale(
    copy: Code, params: Params, before: dict[str, Recipe], change: Edit
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
    copy: Code, params: Params, before: dict[str, Recipe], path: str, stale: str
) -> None:
    edited = copy.package / path
    for file in edited.rglob("*.py") if edited.is_dir() else [edited]:
        edit(file, every_function)
    names = changed(before, params, copy)
    # nothing is tuned, and what is copied is never out of date
    expected = {name for name in before if re.fullmatch(stale, name) and not name.startswith("tune/")}
    assert names - {"report", "track"} == expected - {"report", "track"}
    if any("/" in name for name in expected):
        assert names >= {"report", "track"}  # they show what the cells are made from
    elif expected:
        assert names == expected


PREPARED = "(pretrain|train|evaluate)/.*"  # what reads prepared data
LINES = [  # a file, a line of it that decides a number, another one, and the recipes that it makes other ones
    ("pipeline/outputs.py", "per_seed(ENCODER, seed)", "per_seed(ENCODER, 0)", "train/.*"),
    ("pipeline/outputs.py", "choice(Job(CHOOSES[self.stage], self.name))['values']", "{}", "train/.*"),
    ("pipeline/outputs.py", "seed not in gone", "True", "evaluate/.*"),
    ("pipeline/outputs.py", "folder / str(seed)", "folder / '0'", PREPARED),
    (
        "pipeline/checkpoint.py",
        "self.rows = self.saved.pop('rows')",
        "self.saved = None",
        "(pretrain|train)/.*",
    ),
    ("pipeline/checkpoint.py", "self.rows.append(row)", "pass", "(pretrain|train)/.*"),
    ("pipeline/cache.py", "f'{seed},{row}'", "f'0,{row}'", PREPARED),
    ("pipeline/cache.py", "{**recipe, 'seeds': None}", "{'seeds': None}", PREPARED),
    ("pipeline/train_cell.py", "vae.load_encoder(load_file(encoder))", "pass", "train/.*"),
    ("pipeline/train_cell.py", "parts = ['train']", "pass", "train/.*"),
    ("pipeline/train_cell.py", "state.epoch", "0", "train/.*"),
    ("pipeline/assemble.py", "initialise_weights(vae, seed)", "initialise_weights(vae, 0)", PREPARED),
    ("pipeline/stage.py", "threadpool_limits(1)", "pass", ".*/.*|calibrate"),
    ("pipeline/pool.py", "set_up_process()", "pass", PREPARED),
    ("tables.py", "-1", "0", "(train|evaluate)/.*"),
    ("tables.py", "list(csv.DictReader(rows))", "list(csv.DictReader(rows))[1:]", "(train|evaluate)/.*"),
    ("experiment/tuning.py", "entry is not None", "False", "train/.*"),
    ("data/files.py", "label_file(folder, name)", "label_file(folder, names[0])", PREPARED),
]


@pytest.mark.parametrize(
    ("path", "old", "new", "stale"), LINES, ids=[f"{path}: {old}" for path, old, *_ in LINES]
)
def test_a_line_that_decides_a_number_makes_its_jobs_stale(
    copy: Code, params: Params, before: dict[str, Recipe], path: str, old: str, new: str, stale: str
) -> None:
    edit(copy.package / path, replaced(old, new))
    names = changed(before, params, copy)
    assert names >= {name for name in before if re.fullmatch(stale, name) and not name.startswith("tune/")}
    assert names >= {"report", "track"}


@pytest.mark.parametrize("watcher", WATCHERS)
def test_what_only_watches_makes_no_cell_stale(
    copy: Code, params: Params, before: dict[str, Recipe], watcher: str
) -> None:
    edited = copy.package / watcher
    for file in edited.rglob("*.py") if edited.is_dir() else [edited]:
        edit(file, every_function)
    assert changed(before, params, copy) <= {"report", "track"}


@pytest.mark.parametrize("file", ["template/report.html", "template/report.css", "charts/__init__.py"])
def test_an_edit_of_the_page_makes_only_the_report_stale(
    copy: Code, params: Params, before: dict[str, Recipe], file: str
) -> None:
    page = copy.package / "report" / file
    page.write_text(page.read_text() + "\n# other\n")
    assert changed(before, params, copy) == {"report"}


def test_a_docstring_of_a_method_makes_the_report_stale(
    copy: Code, params: Params, before: dict[str, Recipe]
) -> None:
    edit(copy.package / "methods/decoder/skip.py", documentation)
    assert changed(before, params, copy) == {"report"}


@pytest.mark.parametrize("name", MEASURES)
def test_an_edit_of_a_measure_makes_every_evaluation_stale_and_no_training(
    copy: Code, params: Params, before: dict[str, Recipe], name: str
) -> None:
    edit(copy.package / f"measures/{name}.py", only("measure"))
    evaluations = {recipe for recipe in before if recipe.startswith("evaluate/")}
    assert changed(before, params, copy) == evaluations | {"report", "track"}


def test_the_titles_of_measures_make_only_the_report_stale(
    copy: Code, params: Params, before: dict[str, Recipe]
) -> None:
    for name in MEASURES:
        edit(copy.package / f"measures/{name}.py", constants("COLUMNS"))
    assert changed(before, params, copy) == {"report"}


def test_a_new_measure_is_found_by_its_folder(copy: Code, params: Params, before: dict[str, Recipe]) -> None:
    (copy.package / "measures/made_up.py").write_text("COLUMNS = {}\n\ndef measure(run):\n    return {}\n")
    evaluations = {recipe for recipe in before if recipe.startswith("evaluate/")}
    assert changed(before, params, copy) == evaluations | {"report", "track"}


def test_a_new_chart_is_found_by_its_folder(copy: Code, params: Params, before: dict[str, Recipe]) -> None:
    (copy.package / "report/charts/made_up.py").write_text("TITLE = 'made up'\n")
    assert changed(before, params, copy) == {"report"}
