"""Prepared data: parts that do not overlap, a vocabulary from what is learned from, real data that is what it says."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from uncollapse.data import Source
from uncollapse.data.kjv import words
from uncollapse.dataset import END, PAD, UNKNOWN, batches, read, to_tensor
from uncollapse.likelihoods.bernoulli import bernoulli
from uncollapse.likelihoods.categorical import categorical
from uncollapse.pieces import UserError, build, names
from uncollapse.prepare import prepare, write

COUNTS = {"reserve": 10, "valid": 5, "test": 7}


def images(count: int = 50) -> Source:
    x = np.zeros((count, 2, 2), np.uint8)
    x[:, 0, 0] = np.arange(count)
    return Source(
        x, source="made up", licence="none", labels=np.arange(count), label_names=[str(i) for i in range(count)]
    )


def test_parts_do_not_overlap_and_labels_stay_with_their_examples() -> None:
    parts, vocabulary = prepare(images(), categorical(), seed=0, **COUNTS)
    assert {name: len(part) for name, part in parts.items()} == {**COUNTS, "train": 28}
    assert sorted(x for part in parts.values() for x in part.x[:, 0, 0]) == list(range(50))
    assert all(np.array_equal(part.x[:, 0, 0], part.labels) for part in parts.values())
    assert vocabulary == []
    other, _ = prepare(images(), categorical(), seed=1, **COUNTS)
    assert not np.array_equal(other["test"].x, parts["test"].x)


def test_valid_and_test_are_binarised_once_and_the_rest_stays_grey() -> None:
    source = Source(np.full((50, 8, 8), 128, np.uint8), source="", licence="")
    parts, _ = prepare(source, bernoulli(), seed=0, **COUNTS)
    for name, part in parts.items():
        assert set(np.unique(part.x)) == ({0, 255} if name in ("valid", "test") else {128})


def test_a_split_that_leaves_nothing_to_train_on_is_refused() -> None:
    with pytest.raises(UserError, match=r"^split: 22 examples in .*, but there are 22 in all$"):
        prepare(images(22), categorical(), seed=0, **COUNTS)


def test_the_vocabulary_comes_from_what_is_learned_from() -> None:
    sentences = [[f"w{i % 25}", "all", f"only{i}"] for i in range(50)]
    source = Source(sentences, source="", licence="", minimum_count=2)
    parts, vocabulary = prepare(source, categorical(), seed=0, **COUNTS)
    assert vocabulary[:4] == ["<pad>", "<unk>", "<end>", "all"]
    assert not any(word.startswith("only") for word in vocabulary)
    learned = np.concatenate([parts["train"].x, parts["reserve"].x])
    counts = np.bincount(learned.flatten(), minlength=len(vocabulary))
    assert (counts[3:] >= 2).all()
    for part in parts.values():
        assert (part.x[:, 3] == END).all()
        assert (part.x[:, 2] == UNKNOWN).all()
        assert (part.x[:, 1] == 3).all()


def test_a_sentence_ends_and_is_padded() -> None:
    source = Source([["a", "b"], ["a"]] * 20, source="", licence="")
    parts, _ = prepare(source, categorical(), seed=0, reserve=2, valid=2, test=2)
    for row in parts["train"].x.tolist():
        assert row in ([3, 4, END], [3, END, PAD])
    assert to_tensor(np.array([[3, END, PAD], [END, PAD, PAD]], np.int16)).tolist() == [[3, END], [END, PAD]]


def test_what_is_written_is_read_and_the_card_tells_the_checksums(tmp_path: Path) -> None:
    parts, vocabulary = prepare(images(), bernoulli(), seed=0, **COUNTS)
    card = write(tmp_path, parts, vocabulary, images())
    assert json.loads((tmp_path / "card.json").read_text()) == card
    for name, digest in card["sha256"].items():
        assert hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() == digest
    assert np.array_equal(read(tmp_path, "test").x, parts["test"].x)
    both = read(tmp_path, "train", "reserve")
    assert len(both) == 38
    assert both.labels is not None
    assert np.array_equal(both.labels[:28], parts["train"].labels)


def test_batches_are_places_at_most_once() -> None:
    found = list(batches(50, 16, np.random.default_rng(0)))
    assert [len(batch) for batch in found] == [16, 16, 16]
    assert len(set(np.concatenate(found).tolist())) == 48
    assert [len(batch) for batch in batches(5, 16, np.random.default_rng(0))] == [5]


@pytest.mark.parametrize("name", names("data"))
def test_a_data_set_without_arguments_is_real_and_labelled(name: str) -> None:
    source = build("data", {"use": name})()
    assert len(source.x) > 1000
    assert source.source
    assert source.licence
    if source.labels is not None:
        assert len(source.labels) == len(source.x)
        assert set(np.unique(source.labels)) <= set(range(len(source.label_names)))
        assert len(np.unique(source.labels)) > 1


def test_mnist5k_is_500_of_each_digit() -> None:
    source = build("data", {"use": "mnist5k"})()
    assert source.x.shape == (5000, 28, 28)
    assert source.x.dtype == np.uint8
    assert source.x.max() == 255
    assert source.labels is not None
    assert np.bincount(source.labels).tolist() == [500] * 10


def test_kjv_is_the_bible() -> None:
    source = build("data", {"use": "kjv", "label": "book"})()
    verses = [" ".join(verse) for verse in source.x]
    assert "jesus wept ." in verses  # John 11:35
    assert source.labels is not None
    assert source.label_names[source.labels[verses.index("jesus wept .")]] == "John"
    assert all(3 <= len(verse) <= 16 for verse in source.x)
    assert words("And God saw the light, that [it was] good:") == [
        "and",
        "god",
        "saw",
        "the",
        "light",
        ",",
        "that",
        "it",
        "was",
        "good",
        ":",
    ]
