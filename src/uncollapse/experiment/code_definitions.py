"""The definitions in a source file, without what cannot change a number.

Comments, docstrings, what is printed and the texts of exceptions are left out, and so are assignments that
only make these texts.
"""

import ast
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

ALL = "*"  # Stands for a whole file, in place of one of its definitions.
Import = tuple[str, str]  # A module and a name in it.


class Definition(NamedTuple):
    """A statement at the top level of a file, which may define names, or else counts wherever its file does.

    defines   the names that it defines
    uses      the names that it uses
    imports   what it imports
    syntax    its syntax as text
    """

    defines: frozenset[str]
    uses: frozenset[str]
    imports: tuple[Import, ...]
    syntax: str


@cache
def find_definitions(text: str) -> tuple[Definition, ...]:
    """Return the statements of a file's top level; an import of several names gives one for each."""
    tree = strip_words(ast.parse(text))
    return tuple(definition for statement in tree.body for definition in split_statement(statement))


def split_statement(statement: ast.stmt) -> Iterator[Definition]:
    """Yield a statement as definitions; a compound one, which may do anything, counts as defining nothing."""
    if isinstance(statement, ast.Import | ast.ImportFrom):
        for alias in statement.names:
            syntax = f"{ast.dump(alias)} from {getattr(statement, 'module', None)}"
            local = alias.asname or alias.name.split(".")[0]
            yield Definition(frozenset([local]), frozenset(), tuple(list_imports(statement, alias)), syntax)
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
        for item in list_imports(node, alias)
    ]
    uses = frozenset(node.id for node in names)
    yield Definition(frozenset(defines), uses, tuple(inner), ast.dump(statement))


def list_imports(statement: ast.Import | ast.ImportFrom, alias: ast.alias) -> Iterator[Import]:
    """Yield what one name of an import statement may stand for."""
    if isinstance(statement, ast.Import):
        yield alias.name, ALL
    elif statement.module and not statement.level:
        yield statement.module, alias.name


def strip_words(tree: ast.Module) -> ast.Module:
    """Take docstrings, prints, texts of exceptions, and assignments for these alone out of a syntax tree."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            node.exc.args = []  # A keyword stays, because it tells what the error means.
        for block in ("body", "orelse", "finalbody"):
            statements = getattr(node, block, None)
            if isinstance(statements, list):
                setattr(node, block, drop_words(statements))
    return tree


def drop_words(statements: list[ast.stmt]) -> list[ast.stmt]:
    """Return the statements of a block that may change a number."""
    rest = [statement for statement in statements if not speaks(statement)]
    while len(rest) > 1 and isinstance(rest[-1], ast.Raise) and is_unused(rest[-2], rest[-1]):
        del rest[-2]
    return rest


def is_unused(statement: ast.stmt, error: ast.Raise) -> bool:
    """Return whether a statement only assigns names that the stripped error after it does not use."""
    nodes = [node for node in ast.walk(statement) if isinstance(node, ast.Name)]
    assigned = {node.id for node in nodes if isinstance(node.ctx, ast.Store)}
    used = {node.id for node in ast.walk(error) if isinstance(node, ast.Name)}
    return isinstance(statement, ast.Assign) and not assigned & used


def speaks(statement: ast.stmt) -> bool:
    """Return whether a statement is a docstring or prints."""
    value = statement.value if isinstance(statement, ast.Expr) else None
    called = value.func if isinstance(value, ast.Call) else None
    return isinstance(value, ast.Constant) or (isinstance(called, ast.Name) and called.id == "print")
