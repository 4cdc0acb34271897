"""Public data sets: those that come with packages, and the real ones if UNCOLLAPSE_RAW names their folder."""

import itertools
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_files import load, no_network, stacked

from uncollapse.data.sources import OFFICIAL
from uncollapse.data.sources._package import find_package_files
from uncollapse.data.sources._raw import VARIABLE
from uncollapse.data.sources._text import split_words
from uncollapse.data.splits import choose_parts, digest_example
from uncollapse.errors import UserError
from uncollapse.registry import list_names

loaded = cache(load)  # those that come with packages, once


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of raw files, with no way to download others."""
    no_network(monkeypatch)
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("name", list_names("data/sources"))
def test_every_data_set_is_there_or_says_where_it_was_looked_for(name: str, folder: Path) -> None:
    """With an empty folder and no network: one line that names the folder, the address and the variable."""
    try:
        source, examples = loaded(name)
    except UserError as error:
        message = str(error)
        if message == "here.path: should be stated; it has no default":  # your own data
            return
        assert "\n" not in message
        assert message.startswith("looked for ")
        assert f"in {folder}/" in message
        assert "https://" in message or "http://" in message
        assert "no network" in message or name == "yelp"  # there is no address of its files alone
        assert message.endswith(f"set {VARIABLE} to a folder that has the file")
        assert not [path for path in folder.rglob("*") if path.is_file()]
        return
    assert len(examples) > 1000
    assert source.source
    assert source.licence
    official = np.array([OFFICIAL.index(example.part) for example in examples])
    digests = np.array([digest_example(example.x) for example in examples])
    parts, _ = choose_parts(official, digests, seed=0, valid=100, test=100, reserve=100, train=None)
    held_out = digests[np.concatenate([parts["valid"], parts["test"]])]
    assert not np.isin(digests[np.concatenate([parts["train"], parts["reserve"]])], held_out).any()
    labels = {example.label for example in examples}
    assert len(labels) > 1 or name == "gaussian"  # which has none
    assert labels <= set(source.label_names) or not source.label_names


def test_torchvision_is_imported_only_for_its_addresses_and_checksums(tmp_path: Path) -> None:
    """It takes seconds, and a machine that only trains need not have it: nor pooch, nor gdown."""
    code = (
        "import sys\n"
        "from uncollapse.check_entries import resolve_entry\n"
        "from uncollapse.registry import list_names, make_piece\n"
        "for name in list_names('data/sources'):\n"
        "    path = {} if name not in ('arrays', 'image_folder', 'text_lines') else {'path': 'here'}\n"
        "    resolve_entry(name, 'data/sources', {'use': name, **path})\n"
        "make_piece('data/sources', resolve_entry('kjv', 'data/sources', {'use': 'kjv'}))()\n"
        "print({'torchvision', 'pooch', 'gdown', 'mlxtend'} & set(sys.modules))"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert output.stdout.strip() == "set()"


REAL = [
    ("mnist", {}, (28, 28), 10),
    ("omniglot", {"version": "resized"}, (28, 28), 1),
    ("mednist", {"size": 32}, (32, 32), 1),
    ("celeba", {}, (64, 64, 3), 1),
    ("yelp", {}, None, 2),
    ("ptb", {}, None, 1),
]


@pytest.mark.skipif(VARIABLE not in os.environ, reason=f"{VARIABLE} names no folder of raw files")
@pytest.mark.parametrize(("use", "arguments", "shape", "labels"), REAL)
def test_the_first_of_the_real_ones(
    use: str, arguments: dict[str, Any], shape: tuple[int, ...] | None, labels: int
) -> None:
    from uncollapse.check_entries import resolve_entry
    from uncollapse.registry import make_piece

    try:
        source = make_piece(
            "data/sources", resolve_entry("here", "data/sources", {"use": use, **arguments})
        )()
    except UserError as error:
        pytest.skip(str(error))
    examples = list(itertools.islice(source.examples, 300))
    assert len(examples) == 300
    assert len({example.label for example in examples}) == labels
    assert {example.part for example in examples} == {"train"}
    if shape is None:
        assert all(isinstance(word, str) and word for example in examples for word in example.x)
        return
    pixels = stacked(examples)
    assert pixels.shape == (300, *shape)
    assert pixels.dtype == np.uint8
    assert pixels.max() > 200
    assert 20 < pixels.std() < 120
    assert shape == (64, 64, 3) or (pixels < 128).mean() > 0.5  # ink is bright on a dark ground


def test_mnist5k_is_500_of_each_digit() -> None:
    _, examples = loaded("mnist5k")
    assert stacked(examples).shape == (5000, 28, 28)
    labels = [example.label for example in examples]
    assert {label: labels.count(label) for label in set(labels)} == {str(digit): 500 for digit in range(10)}


def test_kjv_is_the_bible() -> None:
    _, examples = load("kjv", label="book")
    books = {" ".join(example.x): example.label for example in examples}
    assert books["jesus wept ."] == "John"  # 11:35
    assert all(3 <= len(example.x) <= 16 for example in examples)


def test_the_gaussian_has_the_covariance_that_is_asked_for() -> None:
    _, examples = load("gaussian", eigenvalues=(4.0, 1.0, 0.5), examples=500)
    x = stacked(examples)
    assert np.linalg.eigvalsh(np.cov(x.T, bias=True)) == pytest.approx([0.5, 1.0, 4.0], rel=1e-4)
    with pytest.raises(UserError, match="more examples than eigenvalues"):
        load("gaussian", examples=5)


def test_icons_are_whole_glyphs_in_the_middle_no_two_of_them_equal() -> None:
    _, examples = loaded("icons")
    x = stacked(examples)
    assert x.shape[1:] == (28, 28)
    assert len(np.unique(x, axis=0)) == len(x) > 14_000
    assert not x[:, [0, -1]].any()
    assert not x[:, :, [0, -1]].any()
    for axis in (1, 2):
        ink = x.any(axis)  # in each column, in each row
        margins = ink.argmax(1) - ink[:, ::-1].argmax(1)
        assert abs(margins).max() <= 1
    assert {"Codicons", "Phosphor"} < {example.label for example in examples}


def test_icd10_is_titles_of_diagnoses_in_22_chapters() -> None:
    source, examples = loaded("icd10")
    titles = {" ".join(example.x): example.label for example in examples}
    assert len(titles) == len(examples) > 40_000
    assert titles["sucked into jet engine"] == "External causes of morbidity"  # V97.33
    assert all(3 <= len(example.x) <= 16 for example in examples)
    assert len(source.label_names) == len(set(titles.values())) == 22


def test_files_of_packages_are_found_without_an_import_or_one_line_says_what_to_install() -> None:
    [file] = find_package_files("qtawesome", "fonts/phosphor*.ttf")
    assert file.exists()
    assert not {"qtawesome", "qtpy", "simple_icd_10_cm"} & set(sys.modules)
    with pytest.raises(UserError, match=r"^the package nowhere is not installed; pip install nowhere$"):
        find_package_files("nowhere", "*.ttf")
    with pytest.raises(UserError, match=r"^the package qtawesome has no fonts/a\*\.ttf; install the version"):
        find_package_files("qtawesome", "fonts/a*.ttf")


@pytest.mark.parametrize("name", ["kjv", "icd10"])
def test_the_shortest_is_not_longer_than_the_longest(name: str) -> None:
    with pytest.raises(UserError, match=r"^here: shortest \(9\) should not be more than longest \(8\)$"):
        load(name, shortest=9, longest=8)


def test_words_are_words_numbers_and_marks() -> None:
    assert split_words("And God's 2 lights-giving, ok…") == [
        "and",
        "god's",
        "2",
        "lights-giving",
        ",",
        "ok",
        "…",
    ]
