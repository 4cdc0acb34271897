"""What can stand in each slot: every piece with its arguments, a sentence and its paper, from the source."""

import ast
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from uncollapse.errors import UserError
from uncollapse.registry import PACKAGE, folder, names

SLOTS = (
    *("kl_weight", "divergence", "bound", "decoder", "posterior", "inference", "pretraining"),
    *("perturbation", "auxiliary", "net", "likelihood", "source"),
)
QUESTIONS = {"net": "which encoder and decoder?", "likelihood": "what is p(x|z)?", "source": "which data?"}
ARXIV = re.compile(r"arXiv\s+(\d{4}\.\d{4,5})")
SENTENCE_ENDS = re.compile(r"(?<![ (][A-Z]\.)(?<=[.?:])\s+(?=[A-Z])|\n\n")  # but not the initials of a name
TITLE = re.compile(r"^Slot `\w+`[^:]*: ")
WIDTH, QUOTES = 100, "'"


class Listed(NamedTuple):
    """A piece: its slot and name, the arguments of its function, its first sentence, and links."""

    slot: str
    name: str
    arguments: list[str]
    sentence: str
    links: list[str]

    def __str__(self) -> str:
        head = "  ".join(["", self.name, ", ".join(self.arguments)]).rstrip()
        text = " ".join([self.sentence, *self.links])
        margins = {"initial_indent": " " * 6, "subsequent_indent": " " * 6}
        return f"{head}\n{textwrap.fill(text, WIDTH, break_on_hyphens=False, **margins)}"


def listing(slot: str | None) -> str:
    """The pieces of a slot, or of all, as text. Raises UserError if there is no such slot."""
    if slot not in (None, *SLOTS):
        raise UserError(f"no slot {slot!r}; there are {', '.join(SLOTS)}")
    slots = [slot] if slot else SLOTS
    return "\n".join(str(line) for one in slots for line in (f"{one}: {question(one)}", *listed(one)))


def listed(slot: str) -> Iterator[Listed]:
    """Every piece of a slot. Nothing is imported, so it takes no time."""
    for name in names(folder(slot)):
        tree = ast.parse((PACKAGE / folder(slot) / f"{name}.py").read_text())
        text = ast.get_docstring(tree) or ""
        links = [f"https://arxiv.org/abs/{number}" for number in ARXIV.findall(text)]
        yield Listed(slot, name, arguments(tree, name), sentence(text), links)


def sentence(text: str) -> str:
    """The first sentence of a docstring, in one line."""
    return " ".join(SENTENCE_ENDS.split(text, maxsplit=1)[0].split()).rstrip(":")


def arguments(tree: ast.Module, name: str) -> list[str]:
    """Those of the function that makes a piece, as params.yaml takes them: `radius`, or `steps: 1`."""
    (function,) = (node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name)
    constants = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    both = zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True)
    return [
        f"{argument.arg}: {ast.unparse(constants.get(ast.unparse(default), default)).strip(QUOTES)}"
        if default
        else argument.arg
        for argument, default in both
    ]


def question(slot: str) -> str:
    """What a slot is about; of models and methods, the first sentence of its folder."""
    if slot in QUESTIONS:
        return QUESTIONS[slot]
    file = Path(PACKAGE / folder(slot), "__init__.py")
    return TITLE.sub("", sentence(ast.get_docstring(ast.parse(file.read_text())) or ""))
