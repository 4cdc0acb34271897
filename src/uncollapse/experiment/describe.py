"""What can fill each slot: every piece with its arguments, a sentence and its paper, read from the source.

Nothing is imported but the table of slots, so it takes no time.
"""

import ast
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from uncollapse.errors import UserError
from uncollapse.registry import PACKAGE, SLOTS, Slot, list_names

ARXIV = re.compile(r"arXiv\s+(\d{4}\.\d{4,5})")
AUTHORS = r"(?:[A-Z][a-z]+, )*[A-Z][\w-]+(?: (?:&|et) [\w-]+\.?)?"
PAPER = re.compile(rf"({AUTHORS} \d{{4}})(?:, {ARXIV.pattern})?")
TEXT_WIDTH, QUOTES = 100, "'"
LEGEND = """name: default; an argument without a default must be given, by the entry or by its data set.
In kl_weight, steps and period are numbers of batches; targets and free bits are in nats."""


class ListedPiece(NamedTuple):
    """A piece: its slot, name and arguments, the first sentence of its docstring, its links and its paper.

    `choices` says of an argument which words it may be, such as "per is example, dimension or total".
    """

    slot: str
    name: str
    arguments: list[str]
    choices: list[str]
    sentence: str
    links: list[str]
    paper: str

    def __str__(self) -> str:
        head = "  ".join(["", self.name, ", ".join(self.arguments)]).rstrip()
        choices = [f"({'; '.join(self.choices)})"] if self.choices else []
        text = " ".join([self.sentence, *choices, *self.links])
        margins = {"initial_indent": " " * 6, "subsequent_indent": " " * 6}
        return f"{head}\n{textwrap.fill(text, TEXT_WIDTH, break_on_hyphens=False, **margins)}"

    def row(self) -> str:
        """Return the piece as a row of a Markdown table."""
        entry = ", ".join([f"use: {self.name}", *self.arguments])
        cells = (f"`{self.slot}`", f"`{self.name}`", self.sentence, self.paper, f"`{{{entry}}}`")
        return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def list_as_text(slot: str | None) -> str:
    """Return the pieces of a slot, or of all slots, with how to read and use them.

    Raises UserError if there is no such slot.
    """
    if slot not in (None, *SLOTS):
        raise UserError(f"no slot {slot!r}; there are {', '.join(SLOTS)}")
    slots = [SLOTS[slot]] if slot else list(SLOTS.values())
    lines = [line for one in slots for line in (f"{one.name}: {read_question(one)}", *list_pieces(one))]
    return "\n".join(map(str, [LEGEND, *lines, explain_use(slots[0])]))


def explain_use(slot: Slot) -> str:
    """Return how params.yaml uses a piece of a slot: the grid names entries, and an entry names pieces."""
    pieces = [piece.name for piece in list_pieces(slot) if piece.name != slot.default]
    if slot.section == "datasets":
        return f"In params.yaml: `datasets: mine: {slot.name}: {{use: {pieces[0]}, ...}}`; see docs/data.md."
    own, kept = ("my_vae", "vae") if slot.section == "models" else ("mine", "plain")
    entry = f"{slot.section}: {own}: {{{slot.name}: {{use: {pieces[0]}, ...}}}}"
    return f"In params.yaml: `{entry}`, then `grid: {slot.section}: [{kept}, {own}]`."


def make_pieces_table() -> str:
    """Return a Markdown table of all pieces of models and methods, the default of each slot first."""
    rows = [
        piece.row()
        for slot in SLOTS.values()
        if slot.section in ("models", "methods")
        for piece in sorted(list_pieces(slot), key=lambda piece: piece.name != slot.default)
    ]
    head = "| slot | piece | what it does | paper | entry of params.yaml |\n|---|---|---|---|---|"
    return "\n".join([head, *rows])


def list_pieces(slot: Slot) -> Iterator[ListedPiece]:
    """Yield every piece of a slot."""
    for name in list_names(slot.folder):
        file = PACKAGE / slot.folder / f"{name}.py"
        text = read_docstring(file)
        links = [f"https://arxiv.org/abs/{number}" for number in ARXIV.findall(text)]
        tree = ast.parse(file.read_text())
        found, choices = read_arguments(tree, name), read_choices(tree, name)
        yield ListedPiece(slot.name, name, found, choices, find_first_sentence(text), links, link_paper(text))


def read_docstring(file: Path) -> str:
    """Return the docstring of a file of the package."""
    return ast.get_docstring(ast.parse((PACKAGE / file).read_text())) or ""


def link_arxiv(text: str) -> str:
    """Return a text whose arXiv numbers are links of Markdown."""
    return ARXIV.sub(r"[arXiv \1](https://arxiv.org/abs/\1)", text)


def link_paper(text: str) -> str:
    """Return the first paper that a docstring names, as a link of Markdown where it has an arXiv number."""
    found = PAPER.search(" ".join(text.split()))
    if found is None:
        return ""
    paper, number = found.groups()
    return f"[{paper}](https://arxiv.org/abs/{number})" if number else paper


def find_first_sentence(text: str) -> str:
    """Return the first sentence of a docstring, which is a paragraph, in one line."""
    return " ".join(text.split("\n\n")[0].split())


def read_arguments(tree: ast.Module, name: str) -> list[str]:
    """Return the arguments of a piece's function, as params.yaml takes them: `radius`, or `steps: 1`."""
    function = find_piece(tree, name)
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


def read_choices(tree: ast.Module, name: str) -> list[str]:
    """Return which words an argument of a piece's function may be, as its type `Literal` says."""
    choices = []
    for argument in find_piece(tree, name).args.kwonlyargs:
        kind = argument.annotation
        if isinstance(kind, ast.Subscript) and ast.unparse(kind.value) == "Literal":
            *words, last = (str(word) for word in ast.literal_eval(kind.slice))
            choices.append(f"{argument.arg} is {', '.join(words)} or {last}")
    return choices


def find_piece(tree: ast.Module, name: str) -> ast.FunctionDef:
    """Return the function of a file that makes its piece."""
    (function,) = (node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name)
    return function


def read_question(slot: Slot) -> str:
    """Return the question that a slot answers: the second paragraph of its folder's docstring."""
    _, question, *_ = read_docstring(PACKAGE / slot.folder / "__init__.py").split("\n\n")
    return " ".join(question.split())
