"""Prepared data: parts do not overlap, the vocabulary is of what is learned from, a card describes them."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_sources import COUNTS, SIZES, images, source

from uncollapse.data.collect import EXAMPLES_AT_ONCE
from uncollapse.data.files import read_parts
from uncollapse.data.part import PAD, to_tensor
from uncollapse.data.prepare import prepare, write_part
from uncollapse.data.sources import Example, Source
from uncollapse.errors import UserError
from uncollapse.likelihoods.bernoulli import bernoulli
from uncollapse.likelihoods.categorical import categorical
from uncollapse.likelihoods.gaussian import gaussian


def test_parts_do_not_overlap_and_labels_stay_with_their_examples(tmp_path: Path) -> None:
    card = prepare(tmp_path / "a", source(images()), categorical(), **COUNTS)
    assert card["counts"] == SIZES
    assert card["left_out"] == 0
    parts = {name: read_parts(tmp_path / "a", name) for name in SIZES}
    assert sorted(x for part in parts.values() for x in part.x[:, 0, 0]) == list(range(50))
    for part in parts.values():
        assert part.labels is not None
        assert [card["label_names"][label] for label in part.labels] == [str(x) for x in part.x[:, 0, 0]]
    assert card["label_names"] == sorted(str(i) for i in range(50))
    prepare(tmp_path / "b", source(images()), categorical(), **{**COUNTS, "seed": 1})
    assert not np.array_equal(read_parts(tmp_path / "b", "test").x, parts["test"].x)


def test_every_seed_draws_a_split_of_its_own_unless_one_is_stated_or_official(tmp_path: Path) -> None:
    counts = {**COUNTS, "seed": None, "seeds": [0, 3]}
    first = prepare(tmp_path / "a", source(images()), categorical(), **counts)
    folders = [tmp_path / "a" / seed for seed in ("0", "3")]
    assert sorted((tmp_path / "a").iterdir()) == folders, "and no scratch"
    assert json.loads((folders[0] / "card.json").read_text()) == first
    tests = [set(read_parts(folder, "test").x[:, 0, 0]) for folder in folders]
    assert tests[0] != tests[1]
    prepare(tmp_path / "b", source(images()), categorical(), **COUNTS)
    assert np.array_equal(read_parts(tmp_path / "b", "test").x, read_parts(folders[0], "test").x), (
        "seed 0 is seed 0"
    )
    official = [*images(30), *images(9, 30, "test")]
    prepare(tmp_path / "c", source(official), categorical(), **counts)
    assert set(read_parts(tmp_path / "c", "test").x[:, 0, 0]) <= set(range(30, 39))


def test_an_official_split_is_kept(tmp_path: Path) -> None:
    examples = [*images(30), *images(9, 30, "test"), *images(20, 39)]
    card = prepare(tmp_path, source(examples), categorical(), **{**COUNTS, "train": 20})
    assert card["counts"] == {**SIZES, "train": 20}
    assert card["left_out"] == 59 - 42
    assert set(read_parts(tmp_path, "test").x[:, 0, 0]) <= set(range(30, 39))
    learned = {*range(30), *range(39, 59)}
    rest = [x for part in ("reserve", "valid", "train") for x in read_parts(tmp_path, part).x[:, 0, 0]]
    assert set(rest) <= learned
    assert len(set(rest)) == 35
    with pytest.raises(
        UserError, match=r"^split\.test: should be 10, but 9 examples of the official part are left of 59$"
    ):
        prepare(tmp_path / "b", source(examples), categorical(), **{**COUNTS, "test": 10})


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="this system cannot take room")
def test_a_part_has_its_room_on_the_disk_before_it_is_written(tmp_path: Path) -> None:
    """For it is written through memory, where a full disk ends the process."""
    file, room = tmp_path / "train.npy", list[int]()

    def read(index: np.ndarray) -> np.ndarray:
        room.extend([file.stat().st_blocks * 512] if file.exists() else [])
        return np.ones((len(index), 1024), np.uint8)

    write_part(file, np.arange(1024), read, None, 0)
    assert room
    assert min(room) >= 1 << 20
    assert np.load(file).all()


def test_the_order_of_labels_is_the_sources(tmp_path: Path) -> None:
    names = [str(i) for i in range(59, -1, -1)]
    card = prepare(tmp_path, source(images(), label_names=names), categorical(), **COUNTS)
    part = read_parts(tmp_path, "train")
    assert card["label_names"] == names
    assert part.labels is not None
    assert np.array_equal(part.labels, 59 - part.x[:, 0, 0].astype(int))


def test_valid_and_test_are_binarised_once_and_the_rest_stays_grey(tmp_path: Path) -> None:
    numbered = [np.full((8, 8), 128, np.uint8) for _ in range(50)]
    for i, x in enumerate(numbered):
        x[0, 0] = i
    prepare(tmp_path, source(numbered), bernoulli(), **COUNTS)
    for name in SIZES:
        part = read_parts(tmp_path, name)
        assert set(np.unique(part.x[:, 1:])) == ({0, 255} if name in ("valid", "test") else {128})
        assert part.labels is None


def test_real_values_stay_real(tmp_path: Path) -> None:
    values = list(np.random.default_rng(0).normal(size=(50, 3)))
    card = prepare(tmp_path / "a", source(values), gaussian(), **COUNTS)
    part = read_parts(tmp_path / "a", "train")
    assert card["values"] == 0
    assert part.x.dtype == np.float32
    assert to_tensor(part.x).tolist() == part.x.tolist()
    with pytest.raises(UserError, match="bernoulli is for grey values"):
        prepare(tmp_path / "b", source(values), bernoulli(), **COUNTS)


def test_more_than_a_chunk_is_whole(tmp_path: Path) -> None:
    count = 2 * EXAMPLES_AT_ONCE + 100
    sentences = [[f"w{i}", *["x"] * (i % 3)] for i in range(count)]
    card = prepare(tmp_path, source(sentences), categorical(), **COUNTS)
    words = (tmp_path / "vocabulary.txt").read_text().split()
    tokens = read_parts(tmp_path, "train").x[:, :4].tolist()
    texts = [[words[token] for token in sentence if token != PAD] for sentence in tokens]
    assert len(texts) == card["counts"]["train"] == count - 22
    assert all(text == [text[0], *["x"] * (int(text[0][1:]) % 3), "<end>"] for text in texts)
    assert len({text[0] for text in texts}) == len(texts)


WIDE, UNLABELLED = Example(np.zeros((2, 3), np.uint8), "a"), Example(np.zeros((2, 2), np.uint8))


@pytest.mark.parametrize(
    ("examples", "message"),
    [
        (images(22), "split.train: should be all the rest, but 0 examples are left of 22"),
        (images(15), "split.reserve: should be 10, but 3 examples are left of 15"),
        ([], "source: there is no example in made up"),
        ([*images(40), WIDE], "source: the examples should have one shape, not (2, 2) and (2, 3)"),
        ([*images(40), UNLABELLED], "source: some examples have a label and some have none"),
    ],
)
def test_unsuitable_examples_are_an_error_of_one_line(
    tmp_path: Path, examples: list[Any], message: str
) -> None:
    with pytest.raises(UserError) as error:
        prepare(tmp_path, source(examples), categorical(), **COUNTS)
    assert str(error.value) == message


def test_the_card_tells_the_checksums_and_facts_and_no_scratch_is_left(tmp_path: Path) -> None:
    facts: dict[str, int] = {}

    def counted() -> Any:
        yield from images()
        facts["skipped"] = 3

    card = prepare(tmp_path, Source(counted(), "made up", "none", facts=facts), bernoulli(), **COUNTS)
    assert json.loads((tmp_path / "card.json").read_text()) == card
    assert card["skipped"] == 3
    assert {file.name for file in tmp_path.iterdir()} == {*card["sha256"], "card.json"}
    for name, digest in card["sha256"].items():
        assert hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() == digest
    joined = read_parts(tmp_path, "train", "reserve")
    assert len(joined) == 38
    assert joined.labels is not None


@pytest.mark.parametrize("official", [False, True])
@pytest.mark.parametrize("kind", ["images", "words"])
def test_nothing_of_valid_or_test_is_learned_from(tmp_path: Path, kind: str, official: bool) -> None:
    """90 examples, each of 30 different ones three times, and where the split is official ten for test."""

    def example(i: int, part: Any = "train") -> Example:
        words = [f"bit{k}" if i >> k & 1 else "none" for k in range(5)]
        return Example(np.full((2, 2), i, np.uint8) if kind == "images" else words, None, part)

    examples = [example(i % 30) for i in range(90)] + official * [example(i, "test") for i in range(10)]
    likelihood = gaussian() if kind == "images" else categorical()
    card = prepare(tmp_path, source(examples), likelihood, seed=0, valid=3, test=4, reserve=20, train=None)
    parts = {name: {x.tobytes() for x in read_parts(tmp_path, name).x} for name in SIZES}
    assert {**card["counts"], "train": None} == {"valid": 3, "test": 4, "reserve": 20, "train": None}
    held_out = parts["valid"] | parts["test"]
    assert not parts["valid"] & parts["test"]
    assert not held_out & (parts["train"] | parts["reserve"])
    assert len(parts["train"] | parts["reserve"]) == 30 - len(held_out)
    assert card["repeated"] > 0
    assert sum(card["counts"].values()) + card["repeated"] + card["left_out"] == len(examples)
