"""The entropy of codes that were drawn, without the bias that depends on how many were drawn.

The entropy of the frequencies of n draws is too small, by about (K - 1) / (2 n) for K codes (Miller 1955).
The jackknife over examples takes the bias away (Zahl 1977): if H is the entropy of the frequencies of all N
examples and H_i without example i, the estimate is the mean of N H - (N - 1) H_i. The standard error of that
mean is the estimate's. Codes of one example may depend on each other as they like.

No estimator knows codes that were not drawn. How often a new example would have one is the missing mass. Good
and Turing (Good 1953) estimate it by the share of draws whose code occurs in no other example.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri, stdtrit

UNCERTAIN = 0.025  # The probability beyond each end of an interval of 95 %.
MOST_MISSING = 0.2  # With a larger missing mass the entropy has no estimate and no upper end below ln K.


class EntropyEstimate(NamedTuple):
    """An estimate of an entropy in nats, its interval of 95 %, and the missing mass with its upper end."""

    entropy: float
    low: float
    high: float
    missing: float
    missing_at_most: float


def estimate_entropy(example: NDArray[np.int64], code: NDArray[np.int64], size: int) -> EntropyEstimate:
    """Estimate the entropy of `code` (n,) in a book of `size`; `example` (n,) says where each stands.

    Both count from 0; there have to be two examples or more, and each has to have a code.
    """
    counts, code = count_codes(code)
    n, used = len(code), len(counts)
    pairs, together = np.unique(example * used + code, return_counts=True)
    owner, own_code = np.divmod(pairs, used)
    everywhere = counts[own_code]
    lengths = np.bincount(example)
    examples = len(lengths)
    total = weigh_by_log(counts).sum()
    lost = np.bincount(owner, weights=weigh_by_log(everywhere) - weigh_by_log(everywhere - together))
    without = np.log(n - lengths) - (total - lost) / (n - lengths)
    plain = float(np.log(n) - total / n)
    pseudo_values = examples * plain - (examples - 1) * without
    estimate = float(pseudo_values.mean())
    # Where all codes are equally frequent the slope is 0; then the spread is that of the quadratic term.
    quadratic = 2 * (estimate - plain) ** 2 / max(used - 1, 1)
    error = float(np.sqrt(pseudo_values.var(ddof=1) / examples + quadratic))
    half = float(stdtrit(examples - 1, 1 - UNCERTAIN)) * error
    alone = np.bincount(owner, weights=together * (everywhere == together)) / lengths
    missing = float(alone.mean())
    most = min(float(chdtri(2 * (alone.sum() + 1), UNCERTAIN)) / 2 / examples, 1.0)
    largest = float(np.log(size))
    # Where no code is unseen, a rare one may still have been drawn too rarely.
    high = max(estimate + half, add_missing(estimate, most, max(size - used, 1)))
    high = largest if missing > MOST_MISSING else high
    low, middle, high = np.clip([estimate - half, estimate, high], 0.0, largest).tolist()
    return EntropyEstimate(middle, low, high, missing, most)


def estimate_column_entropies(codes: NDArray[np.int64], size: int) -> NDArray[np.float64]:
    """Return the entropy of each column of `codes` (N, M), in nats (M,), estimated by the jackknife.

    Negative codes do not count; a column without two codes has the entropy NaN.
    """
    row, column = np.nonzero(codes >= 0)
    seen, drawn = count_codes(codes[row, column])
    values, counts = np.unique(column * len(seen) + drawn, return_counts=True)
    owner = values // max(len(seen), 1)
    width = codes.shape[1]
    n = np.bincount(column, minlength=width).astype(np.float64)
    total = np.bincount(owner, weights=weigh_by_log(counts), minlength=width)
    lost = counts * (weigh_by_log(counts) - weigh_by_log(counts - 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        plain = np.log(n) - total / n
        # Each code's draws have the same entropy without them, so their mean needs one term for each code.
        without = np.log(n - 1) - (total - np.bincount(owner, weights=lost, minlength=width) / n) / (n - 1)
        return np.clip(n * plain - (n - 1) * without, 0.0, np.log(size))


def count_codes(code: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return how often each code that was drawn was drawn, and `code` in the numbers of these."""
    _, numbers, counts = np.unique(code, return_inverse=True, return_counts=True)
    return counts, numbers.reshape(code.shape)


def weigh_by_log(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return c ln c of each count, which is 0 for c = 0."""
    return counts.astype(np.float64) * np.log(np.maximum(counts, 1))


def add_missing(entropy: float, missing: float, unseen: int) -> float:
    """Return the largest entropy if the `unseen` codes together have a share of at most `missing`."""
    share = min(missing, unseen / (unseen + np.exp(entropy)))  # With more, the entropy falls again.
    if share in (0, 1):
        return entropy
    parts = np.array([share, 1 - share])
    return float(-(parts * np.log(parts)).sum() + (1 - share) * entropy + share * np.log(unseen))
