"""`uncollapse methods`: every piece there is, with its arguments and its paper."""

import inspect
import subprocess
import sys

import pytest

from uncollapse.errors import UserError
from uncollapse.experiment.describe import SLOTS, Listed, listed, listing
from uncollapse.methods import SLOTS as FILLED
from uncollapse.registry import DATASET_FOLDERS, folder, function, names

PIECES = [piece for slot in SLOTS for piece in listed(slot)]


def test_every_slot_and_every_piece_is_there() -> None:
    assert set(SLOTS) == {*FILLED["models"], *FILLED["methods"], *DATASET_FOLDERS}
    assert {(piece.slot, piece.name) for piece in PIECES} == {
        (slot, name) for slot in SLOTS for name in names(folder(slot))
    }


@pytest.mark.parametrize("piece", PIECES, ids=lambda piece: f"{piece.slot}-{piece.name}")
def test_a_piece_has_its_own_arguments_and_a_sentence(piece: Listed) -> None:
    signature = inspect.signature(function(folder(piece.slot), piece.name))
    assert [argument.partition(":")[0] for argument in piece.arguments] == [
        name for name, given in signature.parameters.items() if given.kind == given.KEYWORD_ONLY
    ]
    assert 20 < len(piece.sentence) < 250
    assert piece.sentence.count("(") == piece.sentence.count(")"), "it is whole"
    document = inspect.getmodule(function(folder(piece.slot), piece.name)).__doc__
    assert len(piece.links) == document.count("arXiv")


def test_the_command_prints_a_slot_and_names_those_there_are() -> None:
    assert listing("kl_weight").startswith(
        "kl_weight: what does the KL weigh at this step?\n  constant  beta: 1.0\n"
    )
    with pytest.raises(UserError, match="no slot 'kl'; there are kl_weight, divergence"):
        listing("kl")
    code = "from uncollapse.cli import main; import sys; main(); assert 'torch' not in sys.modules"
    output = subprocess.run(
        [sys.executable, "-c", code, "methods"], capture_output=True, text=True, check=True
    )
    assert output.stdout.count("https://arxiv.org/abs/") == sum(len(piece.links) for piece in PIECES)
