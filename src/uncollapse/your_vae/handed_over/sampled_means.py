"""Samples z that were handed over in the place of the means of q(z|x)."""

import math

import torch
from scipy import stats
from torch import Tensor

FEWEST_MEANS = 500  # Fewer examples do not show whether means are standard normal noise.
NEAR = 0.1  # Variances that are closer to 1 are taken for 1.
MOST_TESTED = 64  # The noise of so many dimensions is looked at.
UNLIKELY = 1e-4  # The probability with which noise of one dimension is not seen to be normal.


def doubt_sampled_means(mu: Tensor, logvar: Tensor) -> str | None:
    """Return what makes means (N, D) look like samples of z, or None.

    Where q(z|x) is as wide as N(0, I), it has collapsed, and its means are near 0; samples have a variance of
    1 there. In all such dimensions the values have to look like independent standard normal noise, which
    means that a net computes from x do not. Where all variances are the same number it may have been chosen,
    and the means may have any spread.
    """
    count = len(mu)
    if count < FEWEST_MEANS or bool((logvar == logvar[0, 0]).all()):
        return None
    wide = (logvar.exp().mean(0) - 1).abs() < NEAR
    values = mu[:, wide]
    if not bool(wide.any()) or not are_noise(values[:, :MOST_TESTED]):
        return None
    spread = values.var(0)
    if float((spread - 1).abs().max()) > NEAR + 5 * math.sqrt(2 / count):
        return None
    return (
        f"in doubt: mu looks like samples of z: where q(z|x) is as wide as the prior, in {int(wide.sum())} "
        f"of {len(wide)} dimensions, mu should be nearly constant, but it has a variance of "
        f"{float(spread.mean()):.2f}; hand over the mean of q(z|x)"
    )


def are_noise(values: Tensor) -> bool:
    """Return whether the columns of values (N, D) may be independent standard normal noise."""
    count, latents = values.shape
    if float((values.mean(0)).abs().max()) > NEAR + 5 / math.sqrt(count) or float(values.var(0).min()) == 0:
        return False
    if latents > 1:
        apart = torch.corrcoef(values.T) - torch.eye(latents, dtype=values.dtype)
        if float(apart.abs().max()) > 5 / math.sqrt(count):
            return False
    standard = (values - values.mean(0)) / values.std(0)
    return all(stats.kstest(column, "norm").pvalue > UNLIKELY for column in standard.T.numpy())
