"""Baselines: what can be said of data without any latents, by n-grams of words or by independent pixels.

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
NGRAMS = ("uniform", "unigram", "bigram", "trigram")


class Counts(NamedTuple):
    """How often contexts, and contexts followed by a word, were seen: sorted keys and counts of each."""

    contexts: tuple[Array, Array]
    grams: tuple[Array, Array]


def measure_baselines(train: Part, valid: Part, test: Part, values: int) -> dict[str, float]:
    """Return the nll of the test part in nats per example, by the name of the model.

    For tokens, of which there are `values`, the models are NGRAMS. For pixels, whose test part is binary, the
    model has independent pixels with the means of the training part. For real values there is none.
    """
    if test.lengths is not None:
        learned = train.x[:].astype(np.int64)
        chosen = valid.x[:].astype(np.int64)
        measured = test.x[:].astype(np.int64)
        return measure_ngrams(learned, chosen, measured, values)
    if test.x.dtype == np.uint8:
        ink = np.asarray(test.x[:], np.float64).reshape(len(test), -1) / 255
        total = np.zeros(ink.shape[1])
        for start in range(0, len(train), 1000):
            total += train.x[start : start + 1000].astype(np.float64).sum(0).flatten() / 255
        share = (total + 1) / (len(train) + 2)
        bits = ink * np.log(share) + (1 - ink) * np.log1p(-share)
        return {"independent pixels": float(-bits.sum(1).mean())}
    return {}


def measure_ngrams(train: Array, valid: Array, test: Array, values: int) -> dict[str, float]:
    """Return the nll of the n-gram models on tokens (N, T); they predict the end mark, but no padding."""
    counts = [count_ngrams(train, order, values) for order in range(1, len(NGRAMS))]
    shares_valid, seen_valid = look_up_shares(valid, counts, values)
    shares_test, seen_test = look_up_shares(test, counts, values)
    result = {}
    for order, name in enumerate(NGRAMS):
        total = 0.0
        for longest in range(order + 1):
            chosen = np.minimum(seen_valid, order) == longest
            measured = np.minimum(seen_test, order) == longest
            weights = fit_mixture(shares_valid[chosen, : longest + 1])
            total += np.log(shares_test[measured, : longest + 1] @ weights).sum()
        result[name] = -float(total) / len(test)
    return result


def number_contexts(tokens: Array, order: int, values: int) -> tuple[Array, Array]:
    """Encode the `order` - 1 words before each token that is no padding, without and with the token."""
    padded = np.pad(tokens, ((0, 0), (order - 1, 0)), constant_values=END)
    context = np.zeros_like(tokens)
    for back in range(order - 1, 0, -1):
        context = context * values + padded[:, order - 1 - back : padded.shape[1] - back]
    real = tokens != PAD
    return context[real], (context * values + tokens)[real]


def count_ngrams(tokens: Array, order: int, values: int) -> Counts:
    """Return the counts of one order."""
    contexts, grams = number_contexts(tokens, order, values)
    return Counts(np.unique(contexts, return_counts=True), np.unique(grams, return_counts=True))


def look_up_shares(tokens: Array, counts: list[Counts], values: int) -> tuple[Array, Array]:
    """Return the share of each token by every order, and the largest order whose context was seen.

    The shares (P, orders + 1) begin with the uniform one; the orders are (P,).
    """
    total = int((tokens != PAD).sum())
    columns = [np.full(total, 1 / (values - 1))]  # Padding is no token.
    longest = np.zeros(total, np.int64)
    for order, (contexts, grams) in enumerate(counts, 1):
        context, gram = number_contexts(tokens, order, values)
        seen = look_up_counts(context, *contexts)
        columns.append(look_up_counts(gram, *grams) / np.maximum(seen, 1))
        longest[seen > 0] = order
    return np.stack(columns, 1), longest


def look_up_counts(wanted: Array, found: Array, counts: Array) -> Array:
    """Return the count of each number, which is 0 for those that were not found."""
    place = np.minimum(np.searchsorted(found, wanted), len(found) - 1)
    return np.where(found[place] == wanted, counts[place], 0)


def fit_mixture(shares: Array) -> Array:
    """Return the weights of the columns of `shares` (P, K) that make the rows most likely.

    Without rows the weights are equal.
    """
    weights = np.full(shares.shape[1], 1 / shares.shape[1])
    for _ in range(ITERATIONS if len(shares) else 0):
        part = shares * weights
        weights = (part / part.sum(1, keepdims=True)).mean(0)
        weights = np.maximum(weights, 1e-6) / np.maximum(weights, 1e-6).sum()  # No order is ever excluded.
    return weights
