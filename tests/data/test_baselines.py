"""Baselines against closed forms: shares sum to one, and what the counts say is found."""

import math

import numpy as np
import pytest

from uncollapse.data.baselines import (
    count_ngrams,
    fit_mixture,
    look_up_shares,
    measure_baselines,
    measure_ngrams,
)
from uncollapse.data.part import END, PAD, Part

WORDS = 5  # beside padding, unknown and end


def sentences(count: int, seed: int, chain: np.ndarray) -> np.ndarray:
    """The first six tokens of Markov chains, which start and end at END, (N, 6)."""
    rng = np.random.default_rng(seed)
    x = np.full((count, 6), PAD)
    for row in x:
        word = END
        for place in range(6):
            word = row[place] = rng.choice(len(chain), p=chain[word])
            if word == END:
                break
    return x


def made_chain(rng: np.random.Generator) -> np.ndarray:
    """Probabilities of the next word, from each word and from the start."""
    chain = rng.dirichlet(np.full(WORDS + 1, 0.5), size=3 + WORDS)
    return np.concatenate([np.zeros((3 + WORDS, 2)), chain], axis=1)


def test_of_a_markov_chain_the_bigram_finds_the_entropy_and_the_trigram_no_more() -> None:
    chain = made_chain(np.random.default_rng(0))
    chain[END, END] = 0.0  # no empty sentence
    chain[END] /= chain[END].sum()
    train, valid, test = (sentences(size, seed, chain) for seed, size in enumerate((8000, 1000, 2000)))
    found = measure_ngrams(train, valid, test, 3 + WORDS)
    before = np.pad(test[:, :-1], ((0, 0), (1, 0)), constant_values=END)
    exact = -np.log(np.where(test != PAD, chain[before, test], 1.0)).sum(1).mean()
    assert found["unigram"] > found["bigram"] + 0.5
    assert found["uniform"] > found["unigram"]
    assert found["bigram"] == pytest.approx(exact, abs=0.02)
    assert found["trigram"] == pytest.approx(exact, abs=0.05)


def test_the_shares_of_every_order_sum_to_one_behind_every_context() -> None:
    rng = np.random.default_rng(1)
    train = rng.integers(1, 8, (50, 4))
    counts = [count_ngrams(train, order, 8) for order in (1, 2, 3)]
    total = np.zeros(4)
    for word in range(1, 8):  # all but padding, behind the context 4, 5 of the training data's first row
        sentence = np.array([[*train[0, :2], word]])
        by_order, longest = look_up_shares(sentence, counts, 8)
        assert longest[-1] == 3
        total += by_order[-1]
    assert total == pytest.approx(np.ones(4))
    unseen = np.array([[7, 7, 7]]) if not (train == 7).any() else np.array([[1, 1, 1]])
    assert look_up_shares(unseen, [count_ngrams(np.array([[3, 4, END]]), 2, 8)], 8)[1].max() <= 1


def test_the_weights_are_those_that_drew_the_rows() -> None:
    rng = np.random.default_rng(2)
    models = rng.dirichlet(np.ones(30), size=2)
    words = rng.choice(30, size=20_000, p=0.7 * models[0] + 0.3 * models[1])
    assert fit_mixture(models[:, words].T) == pytest.approx([0.7, 0.3], abs=0.03)
    assert fit_mixture(np.zeros((0, 3))).tolist() == [1 / 3] * 3


def test_pixels_and_real_values() -> None:
    rng = np.random.default_rng(3)
    share = np.array([0.1, 0.5, 0.9, 0.3])
    train, test = (
        Part(((rng.random((count, 2, 2)) < share.reshape(2, 2)) * 255).astype(np.uint8))
        for count in (20_000, 5000)
    )
    entropy = -(share * np.log(share) + (1 - share) * np.log(1 - share)).sum()
    assert measure_baselines(train, train, test, 256)["independent pixels"] == pytest.approx(
        entropy, abs=0.03
    )
    real = Part(rng.normal(size=(9, 3)).astype(np.float32))
    assert measure_baselines(real, real, real, 0) == {}
    tokens = Part(np.array([[3, 4, END], [4, END, PAD]] * 9, np.int16))
    assert measure_baselines(tokens, tokens, tokens, 5)["uniform"] == pytest.approx(2.5 * math.log(4))
