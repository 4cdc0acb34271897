"""Methods, models and measures, explained by the docstrings of their files."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from markdown_it import MarkdownIt

from uncollapse.experiment.cells import Cell
from uncollapse.experiment.describe import link_arxiv, read_docstring
from uncollapse.experiment.tuning import name_pieces
from uncollapse.measures import load_measures
from uncollapse.pipeline.job import Job
from uncollapse.pipeline.job_recipe import read_choice, read_recipe
from uncollapse.registry import PACKAGE, SLOTS, default_entries
from uncollapse.results.gather import Results
from uncollapse.results.tuned import read_tuned

MARKDOWN = MarkdownIt("commonmark", {"html": False})


class ExplainedPiece(NamedTuple):
    """A piece in a slot: its file, its docstring as HTML and its arguments."""

    slot: str
    file: str
    text: str
    arguments: list[str]


class ExplainedEntry(NamedTuple):
    """A method or a model of the grid, its pieces, and a line for each of its cells that was tuned."""

    kind: str
    name: str
    pieces: list[ExplainedPiece]
    tuned: list[str]


class ExplainedMeasure(NamedTuple):
    """A measure's file, its columns and its docstring as HTML."""

    file: str
    columns: list[str]
    text: str


def explain_entries(results: Results) -> list[ExplainedEntry]:
    """Explain all methods and models of the grid."""
    names = [("method", name) for name in results.methods] + [("model", name) for name in results.models]
    tuned = read_tuned(results)
    return [
        ExplainedEntry(
            kind,
            name,
            explain_pieces(f"{kind}s", name, results.cells),
            [f"{cell}, {each}: {each.rule}" for cell, each in tuned.items() if name == getattr(cell, kind)],
        )
        for kind, name in names
    ]


def explain_measures() -> list[ExplainedMeasure]:
    """Explain all measures."""
    files = [(module, Path(module.__file__).relative_to(PACKAGE)) for module in load_measures()]
    return [ExplainedMeasure(source(file), list(module.COLUMNS), document(file)) for module, file in files]


def source(file: Path) -> str:
    """Return the path of a file of the package, from the folder of the project."""
    return f"src/uncollapse/{file.as_posix()}"


def document(file: Path) -> str:
    """Render the docstring of a file as HTML; formulas are indented in it, as Markdown's code."""
    return MARKDOWN.render(link_arxiv(read_docstring(file)))


def explain_pieces(kind: str, name: str, cells: Sequence[Cell]) -> list[ExplainedPiece]:
    """Explain the pieces of a model or method that are not the default; if all are, the first one."""
    arguments: dict[tuple[str, str], dict[str, str]] = {}
    for cell in (cell for cell in cells if name in (cell.model, cell.method)):
        job = Job.of("train", cell)
        chosen, recipe = read_choice(job)["values"], read_recipe(job)
        for place, piece in name_pieces({slot: recipe.piece(slot) for slot in default_entries(kind)}):
            values = {what: json.dumps(value) for what, value in piece.items() if what != "use"}
            values |= {what: "tuned" for what in values if f"{place}.{what}" in chosen}
            text = ", ".join(f"{what}: {value}" for what, value in values.items())
            arguments.setdefault((place.split(".")[0], piece["use"]), {})[cell.dataset] = text
    keys = [key for key in arguments if key[1] != SLOTS[key[0]].default] or list(arguments)[:1]
    files = {key: Path(SLOTS[key[0]].folder, f"{key[1]}.py") for key in keys}
    return [
        ExplainedPiece(slot, source(file), document(file), group_by_dataset(arguments[slot, use]))
        for (slot, use), file in files.items()
    ]


def group_by_dataset(arguments: Mapping[str, str]) -> list[str]:
    """Group arguments by data set, unless all have the same."""
    datasets: dict[str, list[str]] = {}
    for dataset, text in arguments.items():
        datasets.setdefault(text, []).append(dataset)
    if len(datasets) == 1:
        return [text for text in datasets if text]
    return [f"{', '.join(names)}: {text}" for text, names in datasets.items()]


def render_inline(text: Any) -> str:
    """Render a sentence of Markdown as HTML."""
    return MARKDOWN.renderInline(str(text))
