"""Prepared sentences: the vocabulary is of what is learned from, and batches hold sentences of a length."""

from pathlib import Path

import numpy as np
import pytest
from made_sources import COUNTS, SIZES, source

from uncollapse.data.files import read_parts
from uncollapse.data.part import END, PAD, UNKNOWN, Part, draw_batches, to_tensor
from uncollapse.data.prepare import prepare
from uncollapse.likelihoods.categorical import categorical


def test_the_vocabulary_comes_from_what_is_learned_from(tmp_path: Path) -> None:
    sentences = [[f"w{i % 25}", "all", f"only{i}"] for i in range(50)]
    card = prepare(tmp_path, source(sentences, minimum_count=2), categorical(), **COUNTS)
    vocabulary = (tmp_path / "vocabulary.txt").read_text().splitlines()
    assert vocabulary[:4] == ["<pad>", "<unk>", "<end>", "all"]
    assert len(vocabulary) == card["values"]
    assert not any(word.startswith("only") for word in vocabulary)
    parts = {name: read_parts(tmp_path, name).x for name in SIZES}
    counts = np.bincount(
        np.concatenate([parts["train"], parts["reserve"]]).flatten(), minlength=len(vocabulary)
    )
    assert (counts[3:] >= 2).all()
    for name, x in parts.items():
        assert (x[:, 3] == END).all()
        assert (x[:, 2] == UNKNOWN).all()
        assert (x[:, 1] == 3).all()
        assert card["unknown_share"][name] == pytest.approx((x == UNKNOWN).sum() / (3 * len(x)), abs=1e-4)


def test_the_vocabulary_has_a_largest_size_and_marks_of_the_text_are_ours(tmp_path: Path) -> None:
    sentences = [["a", "<unk>", "b", "a", "c", "a", "b", f"only{i}"] for i in range(30)]
    card = prepare(tmp_path, source(sentences, vocabulary=2), categorical(), **{**COUNTS, "reserve": 2})
    assert (tmp_path / "vocabulary.txt").read_text().split() == ["<pad>", "<unk>", "<end>", "a", "b"]
    assert card["values"] == 5
    assert read_parts(tmp_path, "test").x[0].tolist() == [3, UNKNOWN, 4, 3, UNKNOWN, 3, 4, UNKNOWN, END]


def test_a_sentence_ends_and_is_padded(tmp_path: Path) -> None:
    sentences = [[f"only{i}", "a", *["b"] * (i % 2)] for i in range(40)]
    prepare(tmp_path, source(sentences, minimum_count=2), categorical(), **{**COUNTS, "reserve": 2})
    for tokens in read_parts(tmp_path, "train").x.tolist():
        assert tokens in ([UNKNOWN, 3, 4, END], [UNKNOWN, 3, END, PAD])
    assert to_tensor(np.array([[3, END, PAD], [END, PAD, PAD]], np.int16)).tolist() == [[3, END], [END, PAD]]


def test_batches_hold_each_example_at_most_once() -> None:
    fifty, five = (Part(np.zeros((count, 2), np.uint8)) for count in (50, 5))
    indices = draw_batches(fifty, 16, np.random.default_rng(0))
    assert [len(batch) for batch in indices] == [16, 16, 16]
    assert len(set(np.concatenate(indices).tolist())) == 48
    assert [len(batch) for batch in draw_batches(five, 16, np.random.default_rng(0))] == [5]


def test_sentences_of_a_batch_are_of_nearly_one_length() -> None:
    rng = np.random.default_rng(0)
    lengths = rng.integers(1, 40, 700)
    part = Part(np.where(np.arange(40) < lengths[:, None], 5, PAD).astype(np.int16))
    first, second = (draw_batches(part, 8, np.random.default_rng(seed)) for seed in (0, 1))
    assert len(np.unique(np.concatenate(first))) == 87 * 8
    spread = np.mean([np.ptp(lengths[batch]) for batch in first])
    assert spread < 8, "of 39; 32 at random"
    means = [lengths[batch].mean() for batch in first]
    assert abs(np.corrcoef(np.arange(len(means)), means)[0, 1]) < 0.3, "not the short ones first"
    assert not np.array_equal(np.sort(first[0]), np.sort(second[0]))
