"""Digests of code: what is reached by name counts, and nothing else."""

import ast
import shutil
from pathlib import Path

from uncollapse.experiment.code_definitions import ALL
from uncollapse.experiment.digests import WATCHERS, Code, digest_reached
from uncollapse.experiment.make_recipes import digest_sources
from uncollapse.methods.kl_weight.constant import constant
from uncollapse.methods.plain_vae import plain_vae
from uncollapse.registry import PACKAGE, SLOTS

ROOT = Path(__file__).parent.parent.parent
CODE = Code(PACKAGE, ROOT / "stages")
FUNCTION = 'def f(x):\n    """Doc."""\n    return x + 1\n'


def test_a_comment_a_docstring_and_blank_lines_are_no_code(tmp_path: Path) -> None:
    def digest(text: str) -> str:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        (folder / "file.py").write_text(text)
        return next(iter(digest_reached(CODE, [(folder / "file.py", ALL)]).values()))

    same = ["# why\n\n" + FUNCTION.replace("Doc", "Text"), FUNCTION.replace('    """Doc."""\n', "")]
    assert {digest(text) for text in [FUNCTION, *same]} == {digest(FUNCTION)}
    assert digest(FUNCTION.replace("+ 1", "+ 2")) != digest(FUNCTION)


def test_imports_are_followed_within_the_package_and_beside_the_script(tmp_path: Path) -> None:
    stages = tmp_path / "stages"
    stages.mkdir()
    (stages / "helper.py").write_text(
        "import json\nfrom uncollapse.seeds import make_seed\ndef use(): return make_seed()\n"
    )
    (stages / "script.py").write_text("def main():\n    import helper, numpy\n")
    reached = digest_reached(CODE, [(stages / "script.py", ALL)])
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
        digests.append(digest_reached(CODE, [(folder / "script.py", ALL)]))
    assert digests[0] == digests[1]
    assert digests[1] != digests[2]
    assert digests[2] != digests[3]


def test_code_imports_its_pieces_by_absolute_names_where_no_recipe_names_them() -> None:
    """A piece that code builds by a name of its own would be in no digest."""
    # What computes nothing, the table of slots, the check of entries, and what no stage calls.
    named = {
        PACKAGE / name for name in (*WATCHERS, "registry.py", "check_entries.py", "experiment", "your_vae")
    }
    for file in [*PACKAGE.rglob("*.py"), *CODE.stages.glob("*.py")]:
        nodes = list(ast.walk(ast.parse(file.read_text())))
        assert not any(isinstance(node, ast.ImportFrom) and node.level for node in nodes), file
        keys = [key for node in nodes for key in getattr(node, "keys", ())]
        if not named & {file, *file.parents}:
            assert not any(isinstance(key, ast.Constant) and key.value == "use" for key in keys), file


def test_the_plain_vae_has_the_defaults_of_all_slots() -> None:
    weight = constant(beta=3.0)
    assert plain_vae(weight).kl_weight is weight
    assert plain_vae(weight).perturbation == []
    found = digest_sources(CODE, [(PACKAGE / "methods/pretraining/autoencoder.py", "autoencoder")])
    for slot in SLOTS.values():
        if slot.section != "datasets" and not slot.several:
            assert f"uncollapse/{slot.folder}/{slot.default}.py" in found


def test_a_piece_is_not_among_the_sources_unless_it_is_named() -> None:
    train = digest_reached(CODE, [(ROOT / "stages/train.py", ALL)])
    assert "uncollapse/training/loop.py" in train
    pieces = [name for name in train if name.startswith("uncollapse/methods/inference/")]
    assert pieces == ["uncollapse/methods/inference/__init__.py"]
    none = digest_reached(CODE, [(PACKAGE / "methods/pretraining/none.py", "none")])
    assert "uncollapse/methods/pretraining/__init__.py" in none
