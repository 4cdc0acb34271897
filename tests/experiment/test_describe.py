"""`uncollapse methods`: every piece there is, with its arguments and its paper."""

import inspect
import subprocess
import sys

import pytest

from uncollapse.errors import UserError
from uncollapse.experiment.describe import ListedPiece, list_as_text, list_pieces, make_pieces_table
from uncollapse.registry import SLOTS, find_function, list_names

PIECES = [piece for slot in SLOTS.values() for piece in list_pieces(slot)]


def test_every_slot_and_every_piece_is_there() -> None:
    assert {(piece.slot, piece.name) for piece in PIECES} == {
        (name, piece) for name, slot in SLOTS.items() for piece in list_names(slot.folder)
    }


def test_the_table_of_pieces_has_a_row_for_each_piece_and_its_default_first() -> None:
    rows = [row.split(" | ") for row in make_pieces_table().splitlines()[2:]]
    assert {(slot, piece) for slot, piece, *_ in rows} == {
        (f"| `{piece.slot}`", f"`{piece.name}`")
        for piece in PIECES
        if SLOTS[piece.slot].section != "datasets"
    }
    first = {slot: piece for slot, piece, *_ in reversed(rows)}
    assert first == {
        f"| `{name}`": f"`{slot.default}`" for name, slot in SLOTS.items() if slot.section != "datasets"
    }
    [skip] = [row for row in rows if row[1] == "`skip`"]
    assert skip[3:] == ["[Dieng et al. 2019](https://arxiv.org/abs/1807.04863)", "`{use: skip}` |"]


@pytest.mark.parametrize("piece", PIECES, ids=lambda piece: f"{piece.slot}-{piece.name}")
def test_a_piece_has_its_own_arguments_and_a_sentence(piece: ListedPiece) -> None:
    signature = inspect.signature(find_function(SLOTS[piece.slot].folder, piece.name))
    assert [argument.partition(":")[0] for argument in piece.arguments] == [
        name for name, given in signature.parameters.items() if given.kind == given.KEYWORD_ONLY
    ]
    assert 20 < len(piece.sentence) < 250
    assert piece.sentence.count("(") == piece.sentence.count(")"), "it is whole"
    document = inspect.getmodule(find_function(SLOTS[piece.slot].folder, piece.name)).__doc__
    assert len(piece.links) == document.count("arXiv")


def test_the_command_prints_a_slot_and_names_those_there_are() -> None:
    lines = list_as_text("kl_weight").splitlines()
    assert lines[0].startswith("name: default; an argument without a default must be given")
    assert lines[2:4] == ["kl_weight: What does the KL weigh at this step?", "  constant  beta: 1.0"]
    assert "(per is example, dimension or total)" in " ".join(line.strip() for line in lines)
    assert lines[-1] == (
        "In params.yaml: `models: my_vae: {kl_weight: {use: cyclical, ...}}`, "
        "then `grid: models: [vae, my_vae]`."
    )
    with pytest.raises(UserError, match="no slot 'kl'; there are kl_weight, divergence"):
        list_as_text("kl")
    code = "from uncollapse.cli import main; import sys; main(); assert 'torch' not in sys.modules"
    output = subprocess.run(
        [sys.executable, "-c", code, "methods"], capture_output=True, text=True, check=True
    )
    assert output.stdout.count("https://arxiv.org/abs/") == sum(len(piece.links) for piece in PIECES)
