"""The means and variances of Gaussian distributions, as the objects of many libraries."""

import math
import re
from collections.abc import Sized
from typing import Any

import torch
from torch.distributions import (
    Distribution,
    Independent,
    LowRankMultivariateNormal,
    MultivariateNormal,
    Normal,
)

from uncollapse.your_vae.handed_over.batches import is_array, join_batches
from uncollapse.your_vae.handed_over.named_spreads import ALONE, Given, read_mapping, sort_by_kind
from uncollapse.your_vae.handed_over.real_arrays import take_first_line

OTHERS = re.compile(
    "(?i).*(laplace|student_?t?|beta|cauchy|gumbel|logistic|exponential|gamma|dirichlet|uniform|categorical|"
    "bernoulli|poisson|binomial|mises|fisher|vmf|spherical|kumaraswamy|pareto|weibull|chi2?|delta|wishart|"
    "deterministic|empirical|(log|half|truncated|folded|skew|logit|inverse)_?(normal|gaussian))"
    "(distribution|_gen)?|.*(mixture|transformed|relaxed).*"
)
LIBRARIES = ("torch", "pyro", "numpyro", "distrax", "tensorflow_probability", "scipy")
MOST_COVARIANCES = 1e8  # Numbers in all covariances.
SPREADS = ("logvar", "variance", "var", "stddev", "std")  # The first that an object has is taken.


def is_distribution(given: Any) -> bool:
    """Return whether a value is a distribution of any library."""
    return isinstance(given, Distribution) or (
        not isinstance(given, type) and callable(find_attribute(given, "log_prob"))
    )


def find_attribute(given: Any, name: str) -> Any:
    """Return an attribute, or None where there is none or where reading it fails."""
    try:
        return getattr(given, name, None)
    except Exception:  # A property may raise anything.
        return None


def read_value(given: Any, name: str) -> Any:
    """Return an attribute or, for a method, its result; None where there is no array to be had."""
    value = find_attribute(given, name)
    if callable(value) and not is_array(value):
        try:
            value = value()
        except Exception:  # Other libraries raise anything for a statistic that a distribution lacks.
            return None
    return value if is_array(value) or isinstance(value, int | float | list | tuple) else None


def describe_other(given: Any) -> str:
    """Return the line about a distribution that is no Gaussian."""
    return (
        f"mu: {type(given).__name__} is not a Gaussian, and diagnose is about a Gaussian q(z|x); for any "
        "distribution, uncollapse.reads(nll, x, z) tells whether the decoder reads z"
    )


def read_distribution(given: Any) -> Given:
    """Return the means and the spread of a Gaussian. Raises ValueError for any other distribution."""
    base = unwrap(given)
    if not is_gaussian(base):
        raise ValueError(describe_other(base))
    if isinstance(base, Normal):
        return Given(base.mean, "std", base.stddev)
    if isinstance(base, MultivariateNormal | LowRankMultivariateNormal):
        return read_covariance(base.mean, base.covariance_matrix)
    return read_statistics(base)


def find_covariance(given: Any, means: Any) -> Any:
    """Return the covariances (..., D, D) that an object has beside its means (..., D), or None.

    Raises ValueError if it would have to compute too many. A distribution of single numbers is not asked, nor
    a class whose name says that it is diagonal.
    """
    shape, event = tuple(getattr(means, "shape", ())), find_attribute(given, "event_shape")
    if not shape or "Diag" in type(given).__name__ or (isinstance(event, Sized) and not len(event)):
        return None
    for name in ("covariance_matrix", "covariance", "cov"):
        size = math.prod(shape) * shape[-1]
        if size > MOST_COVARIANCES and callable(find_attribute(given, name)):
            raise ValueError(
                f"mu: {name}() of this {type(given).__name__} would have {size:.2g} numbers, too many to see "
                "whether its dimensions are independent; if they are, pass its mean and var= alone"
            )
        covariance = read_value(given, name)
        own = tuple(getattr(covariance, "shape", ()))
        if own[-2:] == (shape[-1], shape[-1]) and len(own) <= len(shape) + 1 and own != shape:
            return covariance
    return None


def read_covariance(means: Any, covariance: Any) -> Given:
    """Return means and covariances (N, ..., D, D), or variances where no dimensions are correlated."""
    whole = join_batches("covariance", covariance)
    variances = whole.diagonal(dim1=-2, dim2=-1)
    correlated = bool(whole.count_nonzero() > variances.count_nonzero())
    return Given(means, "covariance", whole) if correlated else Given(means, "var", variances)


def names_gaussian(given: Any) -> bool:
    """Return whether the class of a distribution is, or is called, a Gaussian."""
    return is_gaussian(given) and bool(re.search("(?i)norm|gauss", find_name(given)))


def find_name(given: Any) -> str:
    """Return the name of the class of a distribution, or that of SciPy."""
    frozen = find_attribute(find_attribute(given, "dist"), "name")
    return frozen if isinstance(frozen, str) else type(given).__name__


def unwrap(given: Any) -> Any:
    """Return the distribution inside of any number of `Independent`."""
    for _ in range(8):
        if not isinstance(given, Independent) and type(given).__name__ not in ("Independent", "_Independent"):
            break
        inner = find_attribute(given, "base_dist")
        given = find_attribute(given, "distribution") if inner is None else inner
    return given


def is_gaussian(given: Any) -> bool:
    """Return whether a distribution is a Gaussian, by its class.

    Classes of the well-known libraries have to be one by name; others may have any name but another's.
    """
    kind = type(given)
    name = find_name(given)
    if OTHERS.fullmatch(name):
        return False
    if isinstance(given, Distribution):
        return isinstance(given, Normal | MultivariateNormal | LowRankMultivariateNormal)
    named = bool(re.search("(?i)norm|gauss", name))
    return named or kind.__module__.split(".")[0] not in LIBRARIES


def read_statistics(given: Any) -> Given:
    """Return the mean of a distribution, and its covariance or the first spread that it has.

    Raises ValueError with one line if it lacks one of them.
    """
    means = read_value(given, "mean")
    if means is None:
        raise ValueError(f"mu: this {type(given).__name__} has no mean")
    covariance = find_covariance(given, means)
    if covariance is not None:
        return read_covariance(means, covariance)
    for name in SPREADS:
        spread = read_value(given, name)
        if spread is not None:
            [kind] = sort_by_kind([name])
            return Given(means, kind, spread)
    raise ValueError(describe_no_spread(given))


def describe_no_spread(given: Any) -> str:
    """Return the line about an object with means alone."""
    return f"mu: should be a Gaussian or come with its logvar; it is of {type(given).__name__}"


def read_object(given: Any) -> Given:
    """Return the means and the spread of an object that has them as attributes or methods.

    Raises ValueError with one line.
    """
    if isinstance(given, type | torch.nn.Module):
        raise ValueError("mu: should be what an encoder gives for the data, not a class or a module")
    if OTHERS.fullmatch(type(given).__name__):
        raise ValueError(describe_other(given))
    if read_value(given, "mean") is not None and any(read_value(given, name) is not None for name in SPREADS):
        return read_statistics(given)
    try:
        names = [name for name in dir(given) if not name.startswith("_")]
    except Exception as error:  # An object may refuse to list its names.
        raise ValueError(f"mu: cannot be read: {take_first_line(error)}") from None
    chosen = [name for known in sort_by_kind(names).values() for name in known]
    values = {name: value for name in chosen if (value := read_value(given, name)) is not None}
    kinds = sort_by_kind(values)
    if "mean" not in kinds:
        raise ValueError(f"{ALONE} none: it is of {type(given).__name__}, which has no means")
    if len(kinds) == 1:
        raise ValueError(describe_no_spread(given))
    return read_mapping(values)
