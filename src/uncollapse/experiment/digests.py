"""Digests of source code: what a cell's numbers depend on, and no more.

The files are found by following the imports inside this package and the folder of the stages, statically. A
digest is of the syntax tree without docstrings, so an edited comment makes nothing stale.
"""

import ast
import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from uncollapse.registry import PACKAGE


def sources(files: Iterable[Path]) -> dict[str, str]:
    """The digest of each of `files` and of all that they import, by name, e.g. {"uncollapse/train.py": "9f86d081"}."""
    found: set[Path] = set()
    todo = list(files)
    while todo:
        file = todo.pop().resolve()
        if file not in found:
            found.add(file)
            todo += imported(file)
    return {name(file): digest(file) for file in sorted(found, key=name)}


def name(file: Path) -> str:
    """The file's path from the folder above the package, or above its own folder where it stands elsewhere."""
    base = PACKAGE.parent if file.is_relative_to(PACKAGE) else file.parent.parent
    return file.relative_to(base).as_posix()


@cache
def imported(file: Path) -> tuple[Path, ...]:
    """The files of this package, and beside `file`, that `file` imports, wherever in it."""

    def modules() -> Iterator[str]:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield node.module
                yield from (f"{node.module}.{alias.name}" for alias in node.names)

    paths = [Path(*module.split(".")) for module in modules()]
    candidates = [
        base / form
        for path in paths
        for base in (PACKAGE.parent, file.parent)
        for form in (f"{path}.py", path / "__init__.py")
    ]
    ours = (PACKAGE, file.parent)
    return tuple(
        path for path in candidates if path.is_file() and any(path.is_relative_to(place) for place in ours)
    )


@cache
def digest(file: Path) -> str:
    """The first 12 hexadecimal digits of the SHA-256 of the file's syntax tree without docstrings."""
    tree = ast.parse(file.read_text())
    for node in ast.walk(tree):
        documented = isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        if documented and ast.get_docstring(node, clean=False) is not None:
            del node.body[0]
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()[:12]
