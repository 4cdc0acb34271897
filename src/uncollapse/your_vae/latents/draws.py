"""Draws of z beside the N(mu, diag exp logvar) that they should come from.

Every test allows a false alarm with a probability of 1e-6, whatever the number of dimensions is: the sums of
squared deviations are chi-squared, and means and correlations follow Student's t.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

FALSE_ALARM = 1e-6
NEGLIGIBLE = 0.01  # A smaller relative error of the standard deviation matters to nobody.
MOST_CORRELATED = 256  # The correlations of so many dimensions are looked at.
CHARGED = "the one that the KL charges for"

Doubles = NDArray[np.float64]


class Draws(NamedTuple):
    """Draws of z at E examples: z (E, n, D), and their mu, logvar and rounding errors, (E, D) each."""

    z: Doubles
    mu: Doubles
    logvar: Doubles
    rounding: Doubles

    @property
    def spread(self) -> Doubles:
        """The standard deviation of the draws, (E, D)."""
        return self.z.std(1, ddof=1)

    @property
    def precise(self) -> NDArray[np.bool_]:
        """Where the rounding errors are too small to be taken for noise, (E, D)."""
        return self.rounding < 0.05 * np.exp(self.logvar / 2)

    @property
    def constant(self) -> bool:
        """Whether all draws of an example are the same."""
        return bool((self.spread <= 2 * self.rounding)[self.precise].all() and self.precise.any())


def compare_draws(draws: Draws) -> str | None:
    """Say how draws differ from N(mu, diag exp logvar), or return None where they do not."""
    return find_correlation(draws) or find_spread(draws) or find_shift(draws)


def find_correlation(draws: Draws) -> str | None:
    """Say which dimensions share their noise, if there are any."""
    count, latents = draws.z.shape[1:]
    step = max(1, latents // (MOST_CORRELATED // 2))
    chosen = np.unique(np.r_[: min(latents, MOST_CORRELATED // 2), 0:latents:step])
    pairs = len(draws.z) * len(chosen) * (len(chosen) - 1) / 2
    if not pairs:
        return None
    student = stats.t.isf(FALSE_ALARM / 3 / pairs / 2, count - 2)
    most = student / math.sqrt(count - 2 + student**2)
    for z, spread, precise in zip(draws.z, draws.spread, draws.precise, strict=True):
        kept = chosen[precise[chosen] & (spread[chosen] > 0)]
        if len(kept) < 2:
            continue
        size = np.abs(np.triu(np.corrcoef(z[:, kept], rowvar=False), 1))
        if size.max() > most:
            one, other = kept[list(np.unravel_index(size.argmax(), size.shape))]
            share = f"{(size > most).sum()} of {len(kept) * (len(kept) - 1) // 2} pairs of dimensions"
            return (
                f"sample gives {share} correlated noise, such as {one} and {other} "
                f"(correlation {size.max():.2f}), while the KL charges for independent noise"
            )
    return None


def find_spread(draws: Draws) -> str | None:
    """Say how many times too large or too small the standard deviation of draws is, if it is."""
    precise, degrees = draws.precise, draws.z.shape[1] - 1
    if not precise.any():
        return None
    with np.errstate(divide="ignore"):
        log_ratio = np.log(draws.spread) - draws.logvar / 2
    squares = degrees * np.exp(2 * log_ratio)
    tail = FALSE_ALARM / 3 / 4
    low, high = stats.chi2.ppf(tail / precise.sum(), degrees), stats.chi2.isf(tail / precise.sum(), degrees)
    wrong = precise & ((squares < low) | (squares > high)) & (np.abs(log_ratio) > NEGLIGIBLE)
    total, all_degrees = squares[precise].sum(), degrees * precise.sum()
    unlikely = min(stats.chi2.cdf(total, all_degrees), stats.chi2.sf(total, all_degrees)) < tail
    if unlikely and abs(math.log(total / all_degrees)) > 2 * NEGLIGIBLE and not wrong.any():
        wrong = precise
    return describe_spread(draws, log_ratio, wrong) if wrong.any() else None


def describe_spread(draws: Draws, log_ratio: Doubles, wrong: NDArray[np.bool_]) -> str:
    """Say what the standard deviation of draws is where it is wrong, and which function of logvar if any."""
    logvar, usable = draws.logvar[draws.precise], draws.precise
    found = np.log(np.maximum(draws.spread[usable], 1e-300))
    near = 6 / math.sqrt(2 * draws.z.shape[1])
    with np.errstate(divide="ignore"):
        functions = {
            "exp(logvar)": logvar,
            "1, whatever logvar is": np.zeros_like(logvar),
            "logvar": np.log(np.abs(logvar)),
        }
    for name, value in functions.items():
        if np.abs(found - value).max() < near:
            return f"sample draws a standard deviation of {name}, while the KL charges for exp(logvar / 2)"
    dimensions = np.flatnonzero(wrong.any(0))
    ratios = np.exp(log_ratio[wrong])
    least, most = ratios.min(), ratios.max()
    times = f"{least:.2g} to {most:.2g}" if most > least * math.exp(2 * near) else f"{np.median(ratios):.2g}"
    where = "" if 2 * len(dimensions) > wrong.shape[1] else f" in {len(dimensions)} of {wrong.shape[1]}"
    where += f" dimensions, such as {dimensions[0]}" if where else ""
    return f"sample draws a standard deviation of {times} times {CHARGED}{where}"


def find_shift(draws: Draws) -> str | None:
    """Say how far the mean of draws is from mu, if it is further than chance."""
    count = draws.z.shape[1]
    shift, spread = draws.z.mean(1) - draws.mu, draws.spread
    most = stats.t.isf(FALSE_ALARM / 3 / 2 / shift.size, count - 1) * spread / math.sqrt(count)
    wrong = np.abs(shift) > most + 2 * draws.rounding
    if not wrong.any():
        return None
    worst = np.where(wrong, np.abs(shift), 0).argmax()
    example, dimension = np.unravel_index(worst, shift.shape)
    return (
        f"sample draws z around {draws.z[example, :, dimension].mean():.4g} in dimension {dimension} of an "
        f"example whose mu is {draws.mu[example, dimension]:.4g}"
    )
