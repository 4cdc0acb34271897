"""Laws over every piece, net, likelihood and data set. The files are found: a new one is tested too."""

import inspect
import pickle
from pathlib import Path

import pytest
import yaml

from uncollapse import registry
from uncollapse.errors import MissingArgument, UserError
from uncollapse.experiment.pieces import check, resolve
from uncollapse.methods import SLOTS, kl_weight
from uncollapse.registry import DATASET_FOLDERS, PACKAGE, folder, function, names
from uncollapse.training import Training

SLOT_FOLDERS = [f"methods/{file.parent.name}" for file in sorted(PACKAGE.glob("methods/*/__init__.py"))]
FOLDERS = [*DATASET_FOLDERS.values(), *SLOT_FOLDERS]
PIECES = [(folder, name) for folder in FOLDERS for name in names(folder)]
OFFERED = {"kl_target": 3.0, "steps": 5, "period": 4, "radius": 0.1}


def test_the_folders_of_methods_are_the_slots() -> None:
    slots = {slot for entries in SLOTS.values() for slot in entries}
    assert {folder(slot) for slot in slots} == set(SLOT_FOLDERS)
    assert all(names(each) for each in FOLDERS)


@pytest.mark.parametrize(("folder", "name"), PIECES)
def test_a_piece_is_a_documented_function_of_typed_keyword_arguments(folder: str, name: str) -> None:
    piece = function(folder, name)
    assert piece.__doc__
    assert inspect.getmodule(piece).__doc__
    for argument in inspect.signature(piece).parameters.values():
        assert argument.kind is argument.KEYWORD_ONLY
        assert argument.annotation is not argument.empty


@pytest.mark.parametrize(("folder", "name"), PIECES)
def test_a_piece_refuses_an_argument_that_it_does_not_have(folder: str, name: str) -> None:
    with pytest.raises(UserError, match=r"^here\.nonsense: no such name"):
        resolve("here", folder, {"use": name, "nonsense": 1})


@pytest.mark.parametrize(("folder", "name"), [piece for piece in PIECES if piece[0].startswith("methods/")])
def test_a_piece_of_a_method_needs_nothing_but_its_name_and_resolves_to_itself(
    folder: str, name: str
) -> None:
    full = resolve("here", folder, {"use": name}, OFFERED)
    assert resolve("here", folder, full) == full


def test_a_piece_of_ones_own_that_is_not_one_is_told_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def untyped(*, share=0.5) -> None:  # noqa: ANN001
        """An argument without a type."""

    with pytest.raises(UserError, match=r"^here: the argument share of untyped should have a type$"):
        check("here", untyped, {"share": 0.1})
    monkeypatch.delattr("uncollapse.methods.kl_weight.constant.constant")
    with pytest.raises(UserError, match=r"^methods/kl_weight/constant\.py: should hold a function constant"):
        function("methods/kl_weight", "constant")


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_piece_file_is_short(folder: str) -> None:
    for name in names(folder):
        assert len((PACKAGE / folder / f"{name}.py").read_text().splitlines()) <= 200


def test_values_are_converted_as_dvc_reads_them() -> None:
    # PyYAML reads 1e-3 as a string, DVC as a number
    full = resolve("here", "methods/kl_weight", yaml.safe_load("{use: pi, ki: 1e-3}"), OFFERED)
    assert full["ki"] == 0.001


@pytest.mark.parametrize(
    ("entry", "line"),
    [
        ({"use": "pie"}, "here.use: no such name 'pie' (did you mean 'pi'?); valid: constant, cyclical, "),
        ({"use": "constant", "bta": 1}, "here.bta: no such name 'bta' (did you mean 'beta'?); valid: beta"),
        ({"use": "constant", "beta": -1}, "here.beta: input should be greater than or equal to 0; it is -1"),
        ({"use": "constant", "beta": float("inf")}, "here.beta: input should be a finite number; it is inf"),
        ({"use": "constant", "beta": float("nan")}, "here.beta: input should be a finite number; it is nan"),
        ({"use": "constant", "beta": True}, "here.beta: should be no truth value, not True"),
        ({"use": "constant", "beta": [1]}, "here.beta: input should be a valid number; it is [1]"),
        ({"use": "pi"}, "here.kl_target: should be stated; it has no default"),
        ({"use": "pi", "kl_target": 1, "low": 2}, "here: low (2.0) should be less than high (1.0)"),
        ({"use": ["pi"]}, "here.use: no such name ['pi']; valid: constant"),
        ({"beta": 1}, "here: should name a piece, such as {use: constant}, not {'beta': 1}"),
        ("constant", "here: should name a piece, such as {use: constant}, not 'constant'"),
    ],
)
def test_a_mistake_is_one_line_with_the_key_and_what_is_valid(entry: object, line: str) -> None:
    with pytest.raises(UserError) as error:
        resolve("here", "methods/kl_weight", entry)
    assert str(error.value).startswith(line)
    assert "\n" not in str(error.value)


def test_a_missing_argument_is_named() -> None:
    def signature(*, size: int) -> None: ...

    with pytest.raises(MissingArgument, match=r"^here\.size: should be stated") as error:
        check("here", signature, {})
    assert error.value.argument == "size"
    copy = pickle.loads(pickle.dumps(error.value))  # as from a worker process
    assert (str(copy), copy.argument) == (str(error.value), "size")


def test_a_new_file_in_a_folder_of_pieces_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made_up = tmp_path / "methods" / "kl_weight"
    made_up.mkdir(parents=True)
    (made_up / "made_up.py").write_text("def made_up(*, size: int = 3): return size\n")
    monkeypatch.setattr(registry, "PACKAGE", tmp_path)
    monkeypatch.setattr(kl_weight, "__path__", [*kl_weight.__path__, str(made_up)])
    assert names("methods/kl_weight") == ["made_up"]
    assert resolve("here", "methods/kl_weight", {"use": "made_up"}) == {"use": "made_up", "size": 3}


def test_the_training_budget_has_defaults_that_give_the_same_numbers() -> None:
    budget = check("here", Training, {"epochs": 3, "batch_size": 2, "learning_rate": 0.1})
    assert budget.pop("clip") == 5.0
    assert budget.items() >= {"optimizer": "adam", "patience": None, "min_epochs": 1}.items()
