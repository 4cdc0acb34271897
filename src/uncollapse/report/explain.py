"""The section of the report on methods and models: what stands in the docstrings of the pieces that the grid uses."""

import ast
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from markdown_it import MarkdownIt

from uncollapse.experiment.cells import Cell
from uncollapse.methods import SLOTS
from uncollapse.pipeline.outputs import Job
from uncollapse.registry import PACKAGE

MARKDOWN = MarkdownIt("commonmark", {"html": False})


class Piece(NamedTuple):
    """What fills a slot: its file, what its docstring says, as HTML, and its arguments, by data set where they differ."""

    slot: str
    file: str
    text: str
    arguments: list[str]


def document(slot: str, use: str) -> str:
    """The docstring of a piece's file as HTML: formulas stand indented in it, as Markdown's code."""
    text = ast.get_docstring(ast.parse((PACKAGE / "methods" / slot / f"{use}.py").read_text())) or ""
    text = re.sub(r"arXiv (\d{4}\.\d{4,5})", r"[arXiv \1](https://arxiv.org/abs/\1)", text)
    return MARKDOWN.render(text)


def pieces(kind: str, name: str, cells: Sequence[Cell]) -> list[Piece]:
    """What an entry of `models` or `methods` fills in beyond the defaults; of one that fills in nothing, the first slot."""
    mine = [cell for cell in cells if name in (cell.model, cell.method)]
    found: dict[tuple[str, str], dict[str, str]] = {}
    for cell in mine:
        recipe = Job("train", str(cell)).recipe
        for slot in SLOTS[kind]:
            for piece in recipe[slot] if isinstance(recipe[slot], list) else [recipe[slot]]:
                arguments = ", ".join(
                    f"{what}: {json.dumps(value)}" for what, value in piece.items() if what != "use"
                )
                found.setdefault((slot, piece["use"]), {})[cell.dataset] = arguments
    beyond = {key: stated for key, stated in found.items() if key[1] != default(kind, key[0])} or dict(
        [next(iter(found.items()))]
    )
    return [
        Piece(slot, f"src/uncollapse/methods/{slot}/{use}.py", document(slot, use), spread(stated))
        for (slot, use), stated in beyond.items()
    ]  # fmt: skip


def default(kind: str, slot: str) -> str | None:
    """The piece that stands in a slot unless an entry says otherwise."""
    piece = SLOTS[kind][slot]
    return piece["use"] if isinstance(piece, Mapping) else None


def spread(stated: Mapping[str, str]) -> list[str]:
    """Arguments, with the data sets that they are of where there are several."""
    different: dict[str, list[str]] = {}
    for dataset, arguments in stated.items():
        different.setdefault(arguments, []).append(dataset)
    if len(different) == 1:
        return [arguments for arguments in different if arguments]
    return [f"{', '.join(datasets)}: {arguments}" for arguments, datasets in different.items()]


def inline(text: Any) -> str:
    """A sentence of Markdown as HTML."""
    return MARKDOWN.renderInline(str(text))
