"""Edits of source files, by their syntax."""

import ast
from collections.abc import Callable
from pathlib import Path

Edit = Callable[[ast.Module], None]


def edit(file: Path, change: Edit) -> None:
    tree = ast.parse(file.read_text())
    change(tree)
    file.write_text(ast.unparse(tree))


def edit_all(path: Path, change: Edit) -> None:
    """Edit a file, or all files of a folder."""
    for file in path.rglob("*.py") if path.is_dir() else [path]:
        edit(file, change)


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


def replaced(old: str, new: str) -> Edit:
    """Put another expression or statement in the place of one that stands in the file once."""

    def change(tree: ast.Module) -> None:
        places = [
            (parent, field)
            for parent in ast.walk(tree)
            if not isinstance(parent, ast.Expr)  # a statement that is an expression alone is found as itself
            for field, value in ast.iter_fields(parent)
            for node in (value if isinstance(value, list) else [value])
            if isinstance(node, ast.stmt | ast.expr) and ast.unparse(node) == old
        ]
        ((parent, field),) = places
        (statement,) = ast.parse(new).body
        value = getattr(parent, field)
        if isinstance(value, list):
            index = [ast.unparse(node) for node in value].index(old)
            whole = isinstance(value[index], ast.stmt)
            value[index] = statement if whole else statement.value  # pyrefly: ignore
        else:
            setattr(parent, field, statement.value)  # pyrefly: ignore

    return change


def constants(*constant: str) -> Edit:
    """Change the texts of constants at the top level."""

    def change(tree: ast.Module) -> None:
        for node in tree.body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in constant:
                texts(node.value)

    return change
