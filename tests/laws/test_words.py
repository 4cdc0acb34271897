"""The words of the code: a comment is a sentence, and a name has one meaning."""

import re
from pathlib import Path

import pytest
from house import find_comments, find_definitions, is_said_well

from uncollapse.registry import SLOTS

ROOT = Path(__file__).parent.parent.parent
PACKAGE = ROOT / "src/uncollapse"
# The folders whose files stand for what their names say: pieces, nets, likelihoods and sources of data.
NAMED_FOLDERS = ("methods", "nets", "likelihoods", "data/sources")
MOST_REPEATED = 0.03  # The share of names that may be defined in several files.


def list_odd_comments(*roots: Path) -> list[str]:
    """List the comments that are neither a sentence nor a unit or a shape, with file and line."""
    files = sorted(file for root in roots for file in root.rglob("*.py"))
    comments = [(file, line, text) for file in files for line, text in find_comments(file)]
    assert comments, "there is nothing to judge"
    return [f"{file}:{line}: {text}" for file, line, text in comments if not is_said_well(text)]


def list_accidents(package: Path, conventions: set[str]) -> list[str]:
    """List the names that are defined in several files, although no convention says so."""
    places = find_definitions(package)
    return sorted(name for name, files in places.items() if len(files) > 1 and name not in conventions)


def read_conventions() -> set[str]:
    """Read the names that the glossary allows in several files."""
    text = (ROOT / "docs/glossary.md").read_text()
    section = text.split("\n## Names that stand in several files\n")[1].split("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| ")]
    listed = {name for row in rows for name in re.findall("`([^`]+)`", row)}
    named = {file.stem for folder in NAMED_FOLDERS for file in (PACKAGE / folder).rglob("*.py")}
    return listed | named | {*SLOTS}


def test_a_comment_is_a_sentence_or_a_unit() -> None:
    assert list_odd_comments(*(ROOT / name for name in ("src", "stages", "studies", "benchmarks"))) == []


def test_a_name_has_one_meaning() -> None:
    assert list_accidents(PACKAGE, read_conventions()) == []
    places = find_definitions(PACKAGE)
    assert sum(len(files) > 1 for files in places.values()) <= MOST_REPEATED * len(places)


def test_the_glossary_lists_only_names_that_are_repeated() -> None:
    repeated = {name for name, files in find_definitions(PACKAGE).items() if len(files) > 1}
    text = (ROOT / "docs/glossary.md").read_text().split("## Names that stand in several files")[1]
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    assert {name for row in rows for name in re.findall("`([A-Za-z]+)`", row)} <= repeated


@pytest.mark.parametrize("comment", ["of the first seed, in nats", "The first seed, in nats"])
def test_a_fragment_is_found(comment: str, tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text(f"A = 1  # {comment}\nB = 2  # nats\n# This is\n# a sentence.\n")
    assert list_odd_comments(tmp_path) == [f"{file}:1: {comment}"]


def test_a_name_with_two_meanings_is_found(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.py").write_text("def read():\n    pass\n\n\nCHART = 1\n")
    assert list_accidents(tmp_path, read_conventions()) == ["read"]
