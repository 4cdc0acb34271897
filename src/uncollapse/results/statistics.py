"""Intervals of a mean over seeds.

    mean +- t(0.975, S - 1) * sd / sqrt(S)

Each seed draws its own split of the data, so this covers the luck of training and that of the examples.
Where a data set has an official split all seeds have the same test examples, and another sample of these
would move all values together. So for measures that are means over examples (nll, elbo, kl) the standard
error over the N examples x of the mean over seeds is added:

    error^2 = sd^2 / S + sd_x^2 / N,    degrees of freedom by Welch and Satterthwaite (Welch 1947)
"""

import math
from collections.abc import Sequence
from functools import reduce
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import stdtr, stdtrit

LEVEL = 0.95


class Interval(NamedTuple):
    """A mean, Student's 95 % interval of it, and p of his test that it is 0.

    For fewer than two values all but the mean are nan.
    """

    mean: float
    low: float
    high: float
    p: float = math.nan


def estimate_interval(
    values: ArrayLike,
    *,
    grain: float = 0.0,
    low: float = -math.inf,
    high: float = math.inf,
    shared: float = 0.0,
) -> Interval:
    """Return Student's interval of the values (S,) of several seeds, leaving out nan.

    It is cut to the possible range from `low` to `high`.
    `grain` is the step of values that are counts, or shares of a few: their standard deviation is taken
    to be at least that of rounding, grain / sqrt(6) for differences. `shared` is a standard error that
    all values have in common. If all values are equal even so, p is 1 for zeros and nan otherwise.
    """
    values = np.asarray(values, np.float64)
    values = values[~np.isnan(values)]
    count = len(values)
    mean = float(values.mean()) if count else math.nan
    if count < 2:
        return Interval(mean, math.nan, math.nan, math.nan)
    own = max(float(values.std(ddof=1)), grain / math.sqrt(6)) / math.sqrt(count)
    error = math.hypot(own, shared)
    if error <= 1e-12 * float(np.abs(values).max()):
        return Interval(mean, mean, mean, 1.0 if mean == 0 else math.nan)
    # The degrees of freedom of `shared` are infinite.
    freedom = (count - 1) * (error / max(own, error / 1000)) ** 4
    half = float(stdtrit(freedom, (1 + LEVEL) / 2)) * error
    p = 2 * float(stdtr(freedom, -abs(mean) / error))
    return Interval(mean, max(mean - half, low), min(mean + half, high), p)


def estimate_error(runs: Sequence[pd.DataFrame]) -> pd.Series:
    """Return, for each column, the standard error of its mean over seeds due to the choice of examples.

    Each seed has a table with a row for each example; the examples are the same in all.
    """
    mean = reduce(pd.DataFrame.add, runs) / len(runs)
    return mean.std() / math.sqrt(len(mean))
