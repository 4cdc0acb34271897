"""Data in units of the noise of their likelihood, and the variances along their principal directions.

Let p be the mean of x without z. Near it log p(x|z) is quadratic in what the decoder changes, and its
curvature is the Fisher information (McCullagh & Nelder 1989, chapter 2). Divided by the standard deviation
that the likelihood gives a value, x has noise of variance 1, as in a linear VAE with a Gaussian likelihood:

    gaussian     x - p                        the variance is chosen later
    bernoulli    (x - p) / sqrt(p (1 - p))    also grey values in [0, 1]
    poisson      (x - p) / sqrt(p)
    multinomial  (x - n p) / sqrt(n p)        n is the sum of an example, p a share
    categorical  (1[x = v] - p_v) / sqrt(p_v) for each value v: a multinomial of one draw for each token

These are Pearson's residuals. Their mean square is the dispersion of a generalised linear model, which
divides the log likelihood as the weight beta multiplies the KL.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float64]
Counted = NDArray[np.bool_]
MOST_ROWS = 10_000  # More are drawn from, at random but always the same.
CHANCE = 1.1  # An eigenvalue stands out if it exceeds that of shuffled data by this factor.
LARGEST_MATRIX = 2_000  # The side of a matrix whose eigenvalues take seconds.


def check_values(x: Rows, counts: Counted, likelihood: str) -> None:
    """Raise ValueError unless the values (N, D) that count can come from the likelihood."""
    seen = x[counts]
    if likelihood == "bernoulli" and (seen.min() < 0 or seen.max() > 1):
        raise ValueError(
            f"x: should be between 0 and 1 for likelihood='bernoulli', not from {seen.min():.4g} to "
            f"{seen.max():.4g}; divide pixels by 255, and pass other values with likelihood='gaussian'"
        )
    if likelihood in ("poisson", "multinomial") and (seen.min() < 0 or (seen != seen.round()).any()):
        raise ValueError(
            f"x: should be counts, whole numbers of 0 or more, for likelihood='{likelihood}'; for normalised "
            "counts or logarithms say likelihood='gaussian'"
        )
    if likelihood == "categorical" and (seen != seen.round()).any():
        raise ValueError(
            "x: should be tokens, whole numbers, for likelihood='categorical'; for one-hot vectors or "
            "probabilities pass x.argmax(-1)"
        )
    if likelihood == "categorical" and x.shape[1] > 1 and set(np.unique(seen)) <= {0, 1}:
        total = x.sum(1)
        if (total == total[0]).all() and counts.all():
            raise ValueError(
                f"x: seems to be one-hot vectors, {total[0]:.0f} ones in every example; pass x.argmax(-1)"
            )


def center_real(x: Rows, counts: Counted) -> Rows:
    """Return x (N, D) without the mean of each column."""
    return x - average_columns(x, counts)


def average_columns(x: Rows, counts: Counted) -> Rows:
    """Return the mean (D,) of the values that count, 0 where a column has none."""
    return np.where(counts, x, 0).sum(0) / np.maximum(counts.sum(0), 1)


def scale_bits(x: Rows, counts: Counted) -> Rows:
    """Return Pearson's residuals of bits or grey values (N, D)."""
    mean = average_columns(x, counts)
    return divide(x - mean, np.sqrt(mean * (1 - mean)))


def scale_counts(x: Rows, counts: Counted) -> Rows:
    """Return Pearson's residuals of Poisson counts (N, D)."""
    mean = average_columns(x, counts)
    return divide(x - mean, np.sqrt(mean))


def scale_shares(x: Rows, counts: Counted) -> Rows:
    """Return Pearson's residuals of multinomial counts (N, D)."""
    x = np.where(counts, x, 0)
    share = x.sum(0) / max(x.sum(), 1)
    expected = x.sum(1, keepdims=True) * share
    return divide(x - expected, np.sqrt(expected))


def divide(x: Rows, scale: Rows) -> Rows:
    """Return x / scale, and 0 where the scale is 0: a value that never varies."""
    return np.divide(x, scale, out=np.zeros_like(x), where=np.broadcast_to(scale > 0, x.shape))


RESIDUALS: dict[str, Callable[[Rows, Counted], Rows]] = {
    "gaussian": center_real,
    "bernoulli": scale_bits,
    "poisson": scale_counts,
    "multinomial": scale_shares,
}
LIKELIHOODS = (*RESIDUALS, "categorical")


def draw_rows(x: Rows, counts: Counted, likelihood: str) -> tuple[Rows, Counted]:
    """Return x and its mask (N, D), of too many examples some that are drawn at random."""
    small = likelihood != "categorical" and x.shape[1] <= LARGEST_MATRIX
    most = MOST_ROWS if small else LARGEST_MATRIX
    chosen = np.random.default_rng(0).permutation(len(x))[:most] if len(x) > most else slice(None)
    return x[chosen], counts[chosen]


def find_eigenvalues(x: Rows, counts: Counted, likelihood: str) -> Rows:
    """Return the eigenvalues of the residuals' covariance, the largest first.

    x and `counts`, which says what values count, are (N, D).
    """
    if likelihood == "categorical":
        return sort_eigenvalues(multiply_tokens(x.astype(np.int64), counts) / len(x))
    return decompose(np.where(counts, RESIDUALS[likelihood](x, counts), 0))


def decompose(residuals: Rows) -> Rows:
    """Return the eigenvalues of the covariance of residuals (N, D), from the smaller of two matrices."""
    tall = len(residuals) > residuals.shape[1]
    products = residuals.T @ residuals if tall else residuals @ residuals.T
    return sort_eigenvalues(products / len(residuals))


def sort_eigenvalues(matrix: Rows) -> Rows:
    """Return the eigenvalues of a symmetric matrix, the largest first."""
    return np.maximum(np.linalg.eigvalsh(matrix)[::-1], 0)


def looks_like_noise(x: Rows, counts: Counted, likelihood: str) -> bool:
    """Return whether no direction of x (N, D) stands out from those of columns in random order.

    This is parallel analysis (Horn 1965): the largest eigenvalue of the correlations is compared with that of
    the same columns, each in a random order. Ten per cent more may be chance.
    """
    order = np.random.default_rng(0).permuted(np.broadcast_to(np.arange(len(x))[:, None], x.shape), axis=0)
    if likelihood == "categorical":
        mixed = np.take_along_axis(x, order, 0), np.take_along_axis(counts, order, 0)
        alone = find_eigenvalues(*mixed, likelihood)[0]
        return bool(find_eigenvalues(x, counts, likelihood)[0] < CHANCE * alone)
    residuals = np.where(counts, RESIDUALS[likelihood](x, counts), 0)
    residuals = divide(residuals, np.sqrt(np.square(residuals).mean(0)))
    alone = decompose(np.take_along_axis(residuals, order, 0))[0]
    return bool(decompose(residuals)[0] < CHANCE * alone)


def multiply_tokens(tokens: NDArray[np.int64], counts: Counted) -> Rows:
    """Return the scalar products (N, N) of the residuals of tokens (N, T).

    Two examples that both have a token at a place add 1 / p_v - 1 where it is the same v, and -1 where not.
    """
    products = np.zeros((len(tokens), len(tokens)))
    for place in range(tokens.shape[1]):
        own = np.nonzero(counts[:, place])[0]
        _, value, frequency = np.unique(tokens[own, place], return_inverse=True, return_counts=True)
        if len(frequency) > 1:
            same = value[:, None] == value
            products[np.ix_(own, own)] += same * (len(own) / frequency[value]) - 1
    return products
