"""Digests of source code: comments do not count, code does, imports are followed."""

from pathlib import Path

from uncollapse.experiment.digests import digest, imported, sources
from uncollapse.registry import PACKAGE

CODE = 'def f(x):\n    """Says."""\n    return x + 1\n'


def test_a_comment_a_docstring_and_blank_lines_are_not_code(tmp_path: Path) -> None:
    versions = [CODE, "# why\n\n" + CODE.replace("Says", "Tells"), CODE.replace('    """Says."""\n', "")]
    digests = set()
    for i, text in enumerate([*versions, CODE.replace("+ 1", "+ 2")]):
        (tmp_path / f"v{i}.py").write_text(text)
        digests.add(digest(tmp_path / f"v{i}.py"))
        assert len(digests) == (1 if i < 3 else 2)


def test_imports_are_followed_within_the_package_and_beside_the_script(tmp_path: Path) -> None:
    stages = tmp_path / "stages"
    stages.mkdir()
    (stages / "helper.py").write_text("import json\nfrom uncollapse.seeds import number\n")
    (stages / "script.py").write_text("def main():\n    import helper, numpy\n")
    found = sources([stages / "script.py"])
    assert {"stages/script.py", "stages/helper.py", "uncollapse/seeds.py"} <= found.keys()
    assert not any("json" in name or "numpy" in name for name in found)


def test_a_piece_is_not_among_the_sources_unless_it_is_named() -> None:
    train = sources([PACKAGE.parent.parent / "stages" / "train.py"])
    assert "uncollapse/train.py" in train
    assert "uncollapse/methods/inference/__init__.py" in train
    assert not any(
        name.startswith("uncollapse/methods/inference/") and not name.endswith("__init__.py")
        for name in train
    )
    assert "uncollapse/methods/pretraining/__init__.py" in {
        name.relative_to(PACKAGE.parent).as_posix()
        for name in imported(PACKAGE / "methods/pretraining/none.py")
    }
