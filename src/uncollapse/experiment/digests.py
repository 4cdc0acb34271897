"""Digests of code: what a cell's numbers depend on, and no more.

Numbers are computed by *roots*, such as a stage's script and a piece, and by the definitions (functions,
classes, constants) that they reach: those that they name, in their own file or in another one of this
package, and so on. A digest is of the syntax of all definitions that are reached in a file, without what
cannot change a number: comments, docstrings, what is printed, and the texts of exceptions. Only modules that
watch, such as the progress bar and the laws of measures, are not followed: they are listed in WATCHERS.
"""

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

from uncollapse.experiment.code_definitions import ALL, Definition, Import, find_definitions
from uncollapse.registry import PACKAGE

WATCHERS = (  # These can change no number, and all else in this package counts.
    *("cli", "cluster", "errors.py", "measures/laws.py", "pipeline/watching", "progress.py"),
    *("report", "results", "tracking"),
)
Root = tuple[Path, str]  # A file and a definition in it.


class Code(NamedTuple):
    """The folders that hold the code: the package and the stages."""

    package: Path = PACKAGE
    stages: Path = Path("stages")


HERE = Code()


def digest_reached(code: Code, roots: Iterable[Root]) -> dict[str, str]:
    """Return a digest of what `roots` reach in each file: {"uncollapse/vae.py": "9f86d081884c", ...}."""
    texts = {}
    for file, indices in reach(code, roots, WATCHERS).items():
        content = read_definitions(code, file)
        texts[file] = "\n".join(content[index].syntax for index in sorted(indices))
    return {name_file(code, file): digest(texts[file].encode()) for file in sorted(texts)}


def digest_files(code: Code, roots: Iterable[Root], others: Iterable[Path] = ()) -> dict[str, str]:
    """Return a digest of the bytes of each file that `roots` reach, watchers too, and of `others`."""
    counted = sorted({*reach(code, roots), *others})
    return {name_file(code, file): digest(file.read_bytes()) for file in counted}


def digest(content: bytes) -> str:
    """Return the first 12 hexadecimal digits of the SHA-256."""
    return hashlib.sha256(content).hexdigest()[:12]


def name_file(code: Code, file: Path) -> str:
    """Return a file's path from the folder above the package, or of a script from above its folder."""
    above = code.package.parent if file.is_relative_to(code.package) else file.parent.parent
    return file.relative_to(above).as_posix()


def reach(code: Code, roots: Iterable[Root], watchers: tuple[str, ...] = ()) -> dict[Path, set[int]]:
    """Return by file the indices of the definitions that are reached without following `watchers`."""
    reached: dict[Path, set[int]] = {}
    todo, seen = list(roots), set[Root]()
    while todo:
        root = todo.pop()
        if root not in seen:
            seen.add(root)
            indices, targets = follow_root(code, root, watchers)
            todo += targets
            if indices:
                reached.setdefault(root[0], set()).update(indices)
    return reached


@cache
def follow_root(code: Code, root: Root, watchers: tuple[str, ...]) -> tuple[list[int], list[Root]]:
    """Return the indices of the definitions of a root in its file, and what these definitions name."""
    file, name = root
    if any(file.is_relative_to(code.package / watcher) for watcher in watchers):
        return [], []
    content = read_definitions(code, file)
    reached = {
        i: part for i, part in enumerate(content) if name == ALL or name in part.defines or not part.defines
    }
    names = frozenset().union(*(part.defines for part in content))
    targets = [(file, use) for part in reached.values() for use in part.uses & names]
    beside = None if file.is_relative_to(code.package) else file.parent
    imports = [locate_import(code, beside, item) for part in reached.values() for item in part.imports]
    return list(reached), targets + [target for target in imports if target]


@cache
def read_definitions(code: Code, file: Path) -> tuple[Definition, ...]:
    """Return the definitions of a file, which is read once."""
    return find_definitions(file.read_text())


@cache
def locate_import(code: Code, beside: Path | None, item: Import) -> Root | None:
    """Return the imported file, of this package or `beside` a script, and what of it is imported.

    The answer is None for libraries.
    """
    folders = {code.package.parent: code.package, **({beside: beside} if beside else {})}
    module, name = item
    for path, definition in ((f"{module}.{name}", ALL), (module, name)):
        for above, folder in folders.items():
            stem = above.joinpath(*path.split("."))
            for file in (stem.with_name(f"{stem.name}.py"), stem / "__init__.py"):
                if file.is_relative_to(folder) and file.is_file():
                    return file, definition
    return None
