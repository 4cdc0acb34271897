"""What can be said of data without any latents: n-grams of words, and independent pixels.

A VAE whose nll is no better has learned nothing that counts do not know. The n-gram model of order k mixes
the shares of all orders up to k,

    p(w | context) = sum_j lambda_j p_j(w | last j - 1 words),    p_0 uniform,

with weights lambda that maximise the likelihood of the part `valid` by expectation maximisation, for each
longest context that was seen (Jelinek & Mercer 1980).
"""

from typing import NamedTuple

import numpy as np

from uncollapse.data.part import END, PAD, Array, Part

ITERATIONS = 50
NAMES = ("uniform", "unigram", "bigram", "trigram")


class Counts(NamedTuple):
    """How often contexts, and contexts with a word behind, were seen: sorted keys and counts of each."""

    contexts: tuple[Array, Array]
    grams: tuple[Array, Array]


def baselines(train: Part, valid: Part, test: Part, values: int) -> dict[str, float]:
    """The nll of the test part in nats an example, by the name of the model.

    Of tokens, with `values` of them: those of NAMES. Of pixels, whose test part is binary: of independent
    ones, with the means of the training part. Of real values none.
    """
    if test.lengths is not None:
        learned, chosen, measured = (part.x[:].astype(np.int64) for part in (train, valid, test))
        return ngrams(learned, chosen, measured, values)
    if test.x.dtype == np.uint8:
        ink = np.asarray(test.x[:], np.float64).reshape(len(test), -1) / 255
        total = np.zeros(ink.shape[1])
        for start in range(0, len(train), 1000):
            total += train.x[start : start + 1000].astype(np.float64).sum(0).flatten() / 255
        share = (total + 1) / (len(train) + 2)
        bits = ink * np.log(share) + (1 - ink) * np.log1p(-share)
        return {"independent pixels": float(-bits.sum(1).mean())}
    return {}


def ngrams(train: Array, valid: Array, test: Array, values: int) -> dict[str, float]:
    """The same of tokens (N, T); the end mark is predicted like a word, padding is not."""
    counts = [count(train, order, values) for order in range(1, len(NAMES))]
    (shares_valid, seen_valid), (shares_test, seen_test) = (shares(x, counts, values) for x in (valid, test))
    result = {}
    for order, name in enumerate(NAMES):
        total = 0.0
        for longest in range(order + 1):
            chosen, measured = (np.minimum(seen, order) == longest for seen in (seen_valid, seen_test))
            weights = mixture(shares_valid[chosen, : longest + 1])
            total += np.log(shares_test[measured, : longest + 1] @ weights).sum()
        result[name] = -float(total) / len(test)
    return result


def keys(tokens: Array, order: int, values: int) -> tuple[Array, Array]:
    """A number for the `order` - 1 words before each token that is no padding, and one with the token too."""
    padded = np.pad(tokens, ((0, 0), (order - 1, 0)), constant_values=END)
    context = np.zeros_like(tokens)
    for back in range(order - 1, 0, -1):
        context = context * values + padded[:, order - 1 - back : padded.shape[1] - back]
    real = tokens != PAD
    return context[real], (context * values + tokens)[real]


def count(tokens: Array, order: int, values: int) -> Counts:
    """The counts of one order."""
    contexts, grams = (np.unique(numbers, return_counts=True) for numbers in keys(tokens, order, values))
    return Counts(contexts, grams)


def shares(tokens: Array, counts: list[Counts], values: int) -> tuple[Array, Array]:
    """For each token: its share by every order, the uniform one first, (P, orders + 1), and the largest
    order whose context was seen, (P,)."""
    total = int((tokens != PAD).sum())
    columns, longest = [np.full(total, 1 / (values - 1))], np.zeros(total, np.int64)  # padding is no token
    for order, (contexts, grams) in enumerate(counts, 1):
        context, gram = keys(tokens, order, values)
        seen = looked_up(context, *contexts)
        columns.append(looked_up(gram, *grams) / np.maximum(seen, 1))
        longest[seen > 0] = order
    return np.stack(columns, 1), longest


def looked_up(wanted: Array, found: Array, counts: Array) -> Array:
    """The count of each number; 0 for those that were not found."""
    place = np.minimum(np.searchsorted(found, wanted), len(found) - 1)
    return np.where(found[place] == wanted, counts[place], 0)


def mixture(shares: Array) -> Array:
    """The weights of the columns of `shares` (P, K) that make the rows most likely; equal ones without
    rows."""
    weights = np.full(shares.shape[1], 1 / shares.shape[1])
    for _ in range(ITERATIONS if len(shares) else 0):
        part = shares * weights
        weights = (part / part.sum(1, keepdims=True)).mean(0)
        weights = np.maximum(weights, 1e-6) / np.maximum(weights, 1e-6).sum()  # no order is ever excluded
    return weights
