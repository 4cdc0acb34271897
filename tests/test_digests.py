"""Digests of code: a recipe changes when something changes that its numbers depend on, and never else."""

import ast
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from uncollapse.experiment.digests import ALL, WATCHERS, Code, sources
from uncollapse.experiment.params import Params
from uncollapse.experiment.recipes import Recipe, recipes
from uncollapse.methods import SLOTS
from uncollapse.methods import plain_vae as plain_vae_file
from uncollapse.methods.kl_weight.constant import constant
from uncollapse.registry import PACKAGE, folder, function, names

ROOT = Path(__file__).parent.parent
CODE = Code(PACKAGE, ROOT / "stages")
GRID = {
    "datasets": ["mnist5k", "kjv"],
    "models": ["vae", "control_vae"],
    "methods": ["plain", "skip", "aggressive", "pretrained", "noise+adversarial"],
    "seeds": [0],
}
MEASURES = [
    name for name in names("measures") if "def measure(" in (PACKAGE / f"measures/{name}.py").read_text()
]
FUNCTION = 'def f(x):\n    """Doc."""\n    return x + 1\n'
Edit = Callable[[ast.Module], None]


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


def edit(file: Path, change: Edit) -> None:
    tree = ast.parse(file.read_text())
    change(tree)
    file.write_text(ast.unparse(tree))


def every_function(tree: ast.AST) -> None:
    """Add a statement to every function."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.body.append(ast.Pass())


def only(name: str) -> Edit:
    """Add a statement to one function."""
    return lambda tree: every_function(
        next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name)
    )


def texts(tree: ast.AST) -> None:
    """Change every string in a part of a program."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value += " reworded"


def errors(tree: ast.Module) -> None:
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            for argument in node.exc.args:
                texts(argument)


def documentation(tree: ast.Module) -> None:
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            texts(node)


def printed(tree: ast.Module) -> None:
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and ast.unparse(node).startswith("print("):
            for argument in node.value.args:  # pyrefly: ignore
                texts(argument)


def constants(*constant: str) -> Edit:
    """Change the texts of constants at the top level."""

    def change(tree: ast.Module) -> None:
        for node in tree.body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in constant:
                texts(node.value)

    return change


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
        ("pipeline/pool.py", ""),
        ("pipeline/cache.py", "track"),
        ("experiment/pieces.py", ""),
        ("measures/laws.py", "report"),
        ("report/charts", "report"),
        ("report/answers", "report"),
        ("tracking/mirror.py", "track"),
        ("train.py", "train/.*|calibrate"),
        ("vae.py", "(pretrain|train|evaluate)/.*|calibrate"),
        ("seeds.py", ".*/.*|calibrate"),
        ("registry.py", ".*/.*|calibrate"),
        ("device.py", "(pretrain|train|evaluate)/.*|calibrate"),
        ("data/sources/kjv.py", "prepare/kjv"),
        ("data/prepare.py", "prepare/.*"),
        ("nets/mlp.py", "(pretrain|train|evaluate)/mnist5k-.*"),
        ("likelihoods/categorical.py", ".*/kjv.*"),
        ("methods/decoder/skip.py", "(pretrain|train|evaluate)/.*-skip"),
        ("methods/inference/aggressive.py", "train/.*-aggressive"),
        ("methods/inference/joint.py", "train/.*-(plain|skip|pretrained|noise[+]adversarial)|calibrate"),
        ("methods/kl_weight/pi.py", "train/.*-control_vae-.*|calibrate"),
        ("methods/perturbation/noise.py", r"train/.*-noise[+]adversarial"),
        ("methods/perturbation/word_dropout.py", ""),
        ("methods/pretraining/classifier.py", "(pretrain|train)/.*-pretrained"),
        ("measures/likelihood.py", "evaluate/.*|calibrate"),
        ("views/samples.py", "evaluate/.*"),
    ],
)
def test_an_edit_makes_exactly_those_stale_that_use_it(
    copy: Code, params: Params, before: dict[str, Recipe], path: str, stale: str
) -> None:
    edited = copy.package / path
    for file in edited.rglob("*.py") if edited.is_dir() else [edited]:
        edit(file, every_function)
    names = changed(before, params, copy)
    expected = {name for name in before if re.fullmatch(stale, name)}
    assert names - {"report", "track"} == expected - {"report", "track"}
    if any("/" in name for name in expected):
        assert names >= {"report", "track"}  # they show what the cells are made from
    elif expected:
        assert names == expected


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


@pytest.mark.parametrize("name", MEASURES)
def test_the_title_of_a_measure_makes_only_the_report_stale(
    copy: Code, params: Params, before: dict[str, Recipe], name: str
) -> None:
    edit(copy.package / f"measures/{name}.py", constants("COLUMNS"))
    assert changed(before, params, copy) == {"report"}


def test_a_new_measure_is_found_by_its_folder(copy: Code, params: Params, before: dict[str, Recipe]) -> None:
    (copy.package / "measures/made_up.py").write_text("COLUMNS = {}\n\ndef measure(run):\n    return {}\n")
    evaluations = {recipe for recipe in before if recipe.startswith("evaluate/")}
    assert changed(before, params, copy) == evaluations | {"report", "track"}


def test_a_new_chart_is_found_by_its_folder(copy: Code, params: Params, before: dict[str, Recipe]) -> None:
    (copy.package / "report/charts/made_up.py").write_text("TITLE = 'made up'\n")
    assert changed(before, params, copy) == {"report"}


def test_a_comment_a_docstring_and_blank_lines_are_no_code(tmp_path: Path) -> None:
    def digest(text: str) -> str:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        (folder / "file.py").write_text(text)
        return next(iter(sources(CODE, [(folder / "file.py", ALL)]).values()))

    same = ["# why\n\n" + FUNCTION.replace("Doc", "Text"), FUNCTION.replace('    """Doc."""\n', "")]
    assert {digest(text) for text in [FUNCTION, *same]} == {digest(FUNCTION)}
    assert digest(FUNCTION.replace("+ 1", "+ 2")) != digest(FUNCTION)


def test_imports_are_followed_within_the_package_and_beside_the_script(tmp_path: Path) -> None:
    stages = tmp_path / "stages"
    stages.mkdir()
    (stages / "helper.py").write_text(
        "import json\nfrom uncollapse.seeds import number\ndef use(): return number()\n"
    )
    (stages / "script.py").write_text("def main():\n    import helper, numpy\n")
    reached = sources(CODE, [(stages / "script.py", ALL)])
    assert {"stages/script.py", "stages/helper.py", "uncollapse/seeds.py"} <= reached.keys()
    assert not any("json" in name or "numpy" in name for name in reached)


def test_only_what_is_reached_by_name_counts(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text("from helper import first\nfirst()\n")
    helper = tmp_path / "helper.py"
    versions = [
        "SIZE = 1\ndef first(): return SIZE\ndef second(): return 2\n",
        "SIZE = 1\ndef first(): return SIZE\ndef second(): return 3\n",
        "SIZE = 2\ndef first(): return SIZE\ndef second(): return 3\n",
        "SIZE = 2\ndef first(): return SIZE\ndef second(): return 3\nif SIZE: SIZE = 3\n",
    ]
    digests = []
    for number, text in enumerate(versions):
        folder = tmp_path / str(number) / "stages"
        folder.mkdir(parents=True)
        helper = folder / "helper.py"
        helper.write_text(text)
        shutil.copy(tmp_path / "script.py", folder)
        digests.append(sources(CODE, [(folder / "script.py", ALL)]))
    assert digests[0] == digests[1]
    assert digests[1] != digests[2]
    assert digests[2] != digests[3]


def test_code_imports_its_pieces_by_absolute_names_where_no_recipe_names_them() -> None:
    """A piece that code builds by a name of its own would be in no digest."""
    named = {
        PACKAGE / name for name in (*WATCHERS, "methods/__init__.py")
    }  # which compute nothing, and SLOTS
    for file in [*PACKAGE.rglob("*.py"), *CODE.stages.glob("*.py")]:
        nodes = list(ast.walk(ast.parse(file.read_text())))
        assert not any(isinstance(node, ast.ImportFrom) and node.level for node in nodes), file
        keys = [key for node in nodes for key in getattr(node, "keys", ())]
        if not named & {file, *file.parents}:
            assert not any(isinstance(key, ast.Constant) and key.value == "use" for key in keys), file


def test_the_plain_vae_has_the_defaults_of_all_slots() -> None:
    for slot, default in {**SLOTS["models"], **SLOTS["methods"]}.items():
        if slot not in ("kl_weight", "perturbation"):
            assert getattr(plain_vae_file, default["use"]) is function(folder(slot), default["use"])
    assert plain_vae_file.plain_vae(constant()).perturbation == SLOTS["methods"]["perturbation"] == []


def test_a_piece_is_not_among_the_sources_unless_it_is_named() -> None:
    train = sources(CODE, [(ROOT / "stages/train.py", ALL)])
    assert "uncollapse/train.py" in train
    pieces = [name for name in train if name.startswith("uncollapse/methods/inference/")]
    assert pieces == ["uncollapse/methods/inference/__init__.py"]
    none = sources(CODE, [(PACKAGE / "methods/pretraining/none.py", "none")])
    assert "uncollapse/methods/pretraining/__init__.py" in none
