"""Whatever is given, params and files are taken or refused in one line."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from fuzz import DOORS, EXPECTED, attempt
from fuzz_inputs import INPUTS, WORDS
from hypothesis import given
from hypothesis import strategies as st
from laws import LAW, told
from small_params import TEXT

import uncollapse
from uncollapse.errors import UserError
from uncollapse.experiment.make_recipes import describe_grid
from uncollapse.experiment.params import Params
from uncollapse.experiment.yaml_file import read_yaml

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.dates()
KEYS = st.text(max_size=8) | st.sampled_from(["use", "grid", "kl_weight", "plain", "skip", "vae", "epochs"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=8,
)
WORD = st.sampled_from(WORDS).map(lambda word: word.decode("latin-1"))


@st.composite
def edited(draw: st.DrawFn) -> dict[str, Any]:
    """The entries of a params.yaml, of which one is another value, or not there."""
    entries = node = deepcopy(yaml.safe_load(TEXT))
    while True:
        key = draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
        if isinstance(node[key], dict | list) and node[key] and draw(st.booleans()):
            node = node[key]
            continue
        if draw(st.integers(0, 9)):
            node[key] = draw(VALUES)
        else:
            del node[key]
        return entries


@LAW
@given(entries=edited())
def test_params_with_any_value_anywhere(tmp_path: Path, entries: dict[str, Any]) -> None:
    file = tmp_path / "params.yaml"
    file.write_text(yaml.safe_dump(entries, allow_unicode=True), encoding="utf-8")
    try:
        params = Params(file)
    except UserError as error:
        told(error, ("params.yaml: ",))
    else:
        cells = describe_grid(params)["cells"]
        assert cells == params.cells() != []


@LAW
@given(value=VALUES)
def test_yaml_is_read_as_it_was_written(tmp_path: Path, value: Any) -> None:
    text = yaml.safe_dump({"value": value}, allow_unicode=True)
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    assert repr(read_yaml(tmp_path / "a.yaml")) == repr(yaml.safe_load(text)), "repr, as nan is not nan"


@LAW
@given(text=st.text() | st.lists(WORD | st.text(max_size=5), max_size=12).map("".join))
def test_any_text_for_yaml(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8", newline="")
    try:
        assert repr(read_yaml(tmp_path / "a.yaml")) == repr(yaml.safe_load(text))
    except UserError as error:
        told(error)


@pytest.mark.parametrize("name", INPUTS)
@LAW
@given(content=st.binary(max_size=300))
def test_any_bytes_for_a_file(tmp_path: Path, name: str, content: bytes) -> None:
    file = tmp_path / (f"a.{name.split('.')[1]}" if "." in name else "a.npz")
    file.write_bytes(content)
    if name == "load":
        (tmp_path / "a").mkdir(exist_ok=True)
        for part in ("recipe.json", "card.json", "weights.safetensors"):
            (tmp_path / "a" / part).write_bytes(content)
    try:
        uncollapse.load(tmp_path / "a") if name == "load" else DOORS[name](file)
    except EXPECTED.get(name, UserError) as error:
        told(error)


@pytest.mark.parametrize("first", range(len(INPUTS)))
def test_inputs_that_are_almost_right(first: int) -> None:
    """The first of those of fuzz.py, of each kind."""
    for number in range(first, 15 * len(INPUTS), len(INPUTS)):
        attempt(number)
