"""Digests of code: what a cell's numbers depend on, and no more.

Numbers are computed by *roots*, such as a stage's script and a piece, and by the definitions (functions,
classes, constants) that they reach: those that they name, in their own file or in another one of this
package, and so on. A digest is of the syntax of all definitions that are reached in a file, without what
cannot change a number: comments, docstrings, what is printed, and the texts of exceptions. Only modules that
watch, such as the progress bar and the laws of measures, are not followed: they are listed in WATCHERS.
"""

import ast
import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from uncollapse.registry import PACKAGE

WATCHERS = (  # what can change no number; all else in this package counts
    *("cli", "cluster", "errors.py", "measures/laws.py", "pipeline/watching", "progress.py"),
    *("report", "results", "tracking"),
)
ALL = "*"  # a whole file, in place of one of its definitions
Root = tuple[Path, str]  # a file, and a definition in it
Import = tuple[str, str]  # of a module, and of a name in it


class Code(NamedTuple):
    """Where the code is: the folder of the package, and that of the stages."""

    package: Path = PACKAGE
    stages: Path = Path("stages")


HERE = Code()


class Definition(NamedTuple):
    """A statement of a file's top level.

    The names that it defines, those that it uses, what it imports, and its syntax as text. One that defines
    nothing is reached wherever its file is.
    """

    defines: frozenset[str]
    uses: frozenset[str]
    imports: tuple[Import, ...]
    syntax: str


def sources(code: Code, roots: Iterable[Root]) -> dict[str, str]:
    """The digest of what `roots` reach in each file, e.g. {"uncollapse/vae.py": "9f86d081884c", ...}."""
    texts = {}
    for file, indices in reach(code, roots, WATCHERS).items():
        content = contents(code, file)
        texts[file] = "\n".join(content[index].syntax for index in sorted(indices))
    return {name(code, file): digest(texts[file].encode()) for file in sorted(texts)}


def files(code: Code, roots: Iterable[Root], others: Iterable[Path] = ()) -> dict[str, str]:
    """The digest of the bytes of each file where `roots` reach something, watchers too, and of `others`."""
    return {name(code, file): digest(file.read_bytes()) for file in sorted({*reach(code, roots), *others})}


def digest(content: bytes) -> str:
    """The first 12 hexadecimal digits of the SHA-256."""
    return hashlib.sha256(content).hexdigest()[:12]


def name(code: Code, file: Path) -> str:
    """The file's path from the folder above the package, or above its own folder where it is a script."""
    above = code.package.parent if file.is_relative_to(code.package) else file.parent.parent
    return file.relative_to(above).as_posix()


def reach(code: Code, roots: Iterable[Root], watchers: tuple[str, ...] = ()) -> dict[Path, set[int]]:
    """The definitions that are reached, by file: their indices. What is in `watchers` is not followed."""
    reached: dict[Path, set[int]] = {}
    todo, seen = list(roots), set[Root]()
    while todo:
        root = todo.pop()
        if root not in seen:
            seen.add(root)
            indices, targets = follow(code, root, watchers)
            todo += targets
            if indices:
                reached.setdefault(root[0], set()).update(indices)
    return reached


@cache
def follow(code: Code, root: Root, watchers: tuple[str, ...]) -> tuple[list[int], list[Root]]:
    """The definitions of a root in its file, by their indices, and what these name."""
    file, name = root
    if any(file.is_relative_to(code.package / watcher) for watcher in watchers):
        return [], []
    content = contents(code, file)
    reached = {
        i: part for i, part in enumerate(content) if name == ALL or name in part.defines or not part.defines
    }
    names = frozenset().union(*(part.defines for part in content))
    targets = [(file, use) for part in reached.values() for use in part.uses & names]
    beside = None if file.is_relative_to(code.package) else file.parent
    imports = [locate(code, beside, item) for part in reached.values() for item in part.imports]
    return list(reached), targets + [target for target in imports if target]


@cache
def contents(code: Code, file: Path) -> tuple[Definition, ...]:
    """The definitions of a file, which is read once."""
    return definitions(file.read_text())


@cache
def locate(code: Code, beside: Path | None, item: Import) -> Root | None:
    """The file that is imported, of this package or of the folder `beside` a script, and what of it; None
    for libraries."""
    folders = {code.package.parent: code.package, **({beside: beside} if beside else {})}
    module, name = item
    for path, definition in ((f"{module}.{name}", ALL), (module, name)):
        for above, folder in folders.items():
            stem = above.joinpath(*path.split("."))
            for file in (stem.with_name(f"{stem.name}.py"), stem / "__init__.py"):
                if file.is_relative_to(folder) and file.is_file():
                    return file, definition
    return None


@cache
def definitions(text: str) -> tuple[Definition, ...]:
    """The statements of a file's top level; of an import of several names, one for each."""
    tree = strip(ast.parse(text))
    return tuple(definition for statement in tree.body for definition in split(statement))


def split(statement: ast.stmt) -> Iterator[Definition]:
    """A statement as definitions. A compound one, which may do anything, counts as defining nothing."""
    if isinstance(statement, ast.Import | ast.ImportFrom):
        for alias in statement.names:
            syntax = f"{ast.dump(alias)} from {getattr(statement, 'module', None)}"
            local = alias.asname or alias.name.split(".")[0]
            yield Definition(frozenset([local]), frozenset(), tuple(imports(statement, alias)), syntax)
        return
    nodes = list(ast.walk(statement))
    names = [node for node in nodes if isinstance(node, ast.Name)]
    defines: set[str] = set()
    if isinstance(statement, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        defines = {statement.name}
    elif isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign):
        defines = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    inner = [
        item
        for node in nodes
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
        for item in imports(node, alias)
    ]
    uses = frozenset(node.id for node in names)
    yield Definition(frozenset(defines), uses, tuple(inner), ast.dump(statement))


def imports(statement: ast.Import | ast.ImportFrom, alias: ast.alias) -> Iterator[Import]:
    """What one name of an import statement may stand for."""
    if isinstance(statement, ast.Import):
        yield alias.name, ALL
    elif statement.module and not statement.level:
        yield statement.module, alias.name


def strip(tree: ast.Module) -> ast.Module:
    """A syntax tree without docstrings, prints, arguments of exceptions, and assignments just for these."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            node.exc.args = []  # but not a keyword, which tells what the error means
        for block in ("body", "orelse", "finalbody"):
            statements = getattr(node, block, None)
            if isinstance(statements, list):
                setattr(node, block, computing(statements))
    return tree


def computing(statements: list[ast.stmt]) -> list[ast.stmt]:
    """The statements of a block that may change a number."""
    rest = [statement for statement in statements if not speaks(statement)]
    while len(rest) > 1 and isinstance(rest[-1], ast.Raise) and words_alone(rest[-2], rest[-1]):
        del rest[-2]
    return rest


def words_alone(statement: ast.stmt, error: ast.Raise) -> bool:
    """Return whether a statement assigns nothing that the stripped error after it uses."""
    nodes = [node for node in ast.walk(statement) if isinstance(node, ast.Name)]
    assigned = {node.id for node in nodes if isinstance(node.ctx, ast.Store)}
    used = {node.id for node in ast.walk(error) if isinstance(node, ast.Name)}
    return isinstance(statement, ast.Assign) and not assigned & used


def speaks(statement: ast.stmt) -> bool:
    """Whether a statement is a docstring or prints."""
    value = statement.value if isinstance(statement, ast.Expr) else None
    called = value.func if isinstance(value, ast.Call) else None
    return isinstance(value, ast.Constant) or (isinstance(called, ast.Name) and called.id == "print")
