"""A cell's name is read in one place, and a recipe has a fingerprint or is refused one."""

import json
import math
from pathlib import Path

import pytest

from uncollapse.errors import UserError
from uncollapse.experiment.cells import Cell
from uncollapse.experiment.recipe import Recipe, fingerprint

CELL = Cell("mnist5k", "vae", "skip+aggressive")


def test_a_cell_is_read_from_its_name_and_from_a_row() -> None:
    assert Cell.parse(str(CELL)) == CELL
    assert Cell.of({**CELL._asdict(), "seed": 3}) == CELL


@pytest.mark.parametrize("text", ["", "mnist5k", "mnist5k-vae", "mnist5k-vae-skip-0", "mnist5k--skip"])
def test_what_names_no_cell_is_told_in_a_line(text: str) -> None:
    with pytest.raises(UserError, match="names no cell; write data set-model-method"):
        Cell.parse(text)


def test_a_fingerprint_is_of_settings_and_files_and_not_of_the_list_of_seeds(tmp_path: Path) -> None:
    file = tmp_path / "card.json"
    file.write_text("1")
    settings = {"net": {"use": "mlp"}, "seeds": [0]}
    found = fingerprint(settings, [file])
    assert found == fingerprint({**settings, "seeds": [0, 1]}, [file])
    assert found != fingerprint({**settings, "net": {"use": "conv"}}, [file])
    file.write_text("2")
    assert found != fingerprint(settings, [file])


@pytest.mark.parametrize("value", [CELL, (1, 2), {1: 2}, {1, 2}, math.inf, math.nan, Path("data")])
def test_what_json_cannot_hold_has_no_fingerprint(value: object) -> None:
    with pytest.raises(TypeError):
        fingerprint({"value": value})


def test_a_recipe_is_a_changed_copy_and_never_changed_itself() -> None:
    stated = {"posterior": {"use": "batch_norm", "gamma": 0.5}, "seeds": [0, 1, 2]}
    recipe, before = Recipe(stated), json.dumps(stated)
    assert recipe.with_values({"posterior.gamma": 1.0}).piece("posterior")["gamma"] == 1.0
    assert recipe.without_seeds([1]).seeds == [0, 2]
    assert json.dumps(recipe.stated) == before
    with pytest.raises(KeyError):
        _ = recipe.training
