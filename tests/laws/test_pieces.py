"""Laws over every piece, net, likelihood and data set. The files are found: a new one is tested too."""

import inspect

import pytest

from uncollapse.check_entries import check_entry, resolve_entry
from uncollapse.errors import UserError
from uncollapse.registry import PACKAGE, SLOTS, find_function, list_names

SLOT_FOLDERS = [f"methods/{file.parent.name}" for file in sorted(PACKAGE.glob("methods/*/__init__.py"))]
FOLDERS = [slot.folder for slot in SLOTS.values()]
PIECES = [(folder, name) for folder in FOLDERS for name in list_names(folder)]
OFFERED = {
    "kl_target": 3.0,
    "steps": 5,
    "period": 4,
    "radius": 0.1,
    "reconstruction_target": 5.0,
    "rate": 0.1,
}


def test_the_folders_of_methods_are_the_slots() -> None:
    assert {slot.folder for slot in SLOTS.values() if slot.section != "datasets"} == set(SLOT_FOLDERS)
    assert all(slot.folder == f"methods/{slot.name}" for slot in SLOTS.values() if slot.section != "datasets")
    assert all(list_names(each) for each in FOLDERS)


@pytest.mark.parametrize(("folder", "name"), PIECES)
def test_a_piece_is_a_documented_function_of_typed_keyword_arguments(folder: str, name: str) -> None:
    piece = find_function(folder, name)
    assert piece.__doc__
    assert inspect.getmodule(piece).__doc__
    for argument in inspect.signature(piece).parameters.values():
        assert argument.kind is argument.KEYWORD_ONLY
        assert argument.annotation is not argument.empty


@pytest.mark.parametrize(("folder", "name"), PIECES)
def test_a_piece_refuses_an_argument_that_it_does_not_have(folder: str, name: str) -> None:
    with pytest.raises(UserError, match=r"^here\.nonsense: no such name"):
        resolve_entry("here", folder, {"use": name, "nonsense": 1})


@pytest.mark.parametrize(("folder", "name"), [piece for piece in PIECES if piece[0].startswith("methods/")])
def test_a_piece_of_a_method_needs_nothing_but_its_name_and_resolves_to_itself(
    folder: str, name: str
) -> None:
    full = resolve_entry("here", folder, {"use": name}, OFFERED)
    assert resolve_entry("here", folder, full) == full


def test_a_piece_of_ones_own_that_is_not_one_is_told_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def untyped(*, share=0.5) -> None:  # noqa: ANN001
        """An argument without a type."""

    with pytest.raises(UserError, match=r"^here: the argument share of untyped should have a type$"):
        check_entry("here", untyped, {"share": 0.1})
    monkeypatch.delattr("uncollapse.methods.kl_weight.constant.constant")
    with pytest.raises(UserError, match=r"^methods/kl_weight/constant\.py: should hold a function constant"):
        find_function("methods/kl_weight", "constant")
