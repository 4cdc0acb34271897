"""The encodings of anybody's VAE, checked: arrays of means and log-variances, also from a file."""

from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray
from torch.distributions import Independent, MultivariateNormal, Normal

from uncollapse.data.npz import read_npz
from uncollapse.vae import Gaussian
from uncollapse.your_vae.real_arrays import to_doubles

LARGEST_LOGVAR = 88.0  # The exp of a larger absolute value leaves the range of floats.


def read_posterior(mu: Any, logvar: Any = None, *, var: Any = None, std: Any = None) -> Gaussian:
    """Return q(z|x) as doubles (N, D), from means and one of `logvar`, `var` and `std`, (N, ...) each.

    `mu` alone may be a distribution of torch (Normal, Independent, MultivariateNormal without correlations),
    or another object with a `mean` and a `logvar`, such as those of diffusers. Raises ValueError, which names
    the argument.
    """
    spreads = {"logvar": logvar, "var": var, "std": std}
    given = [name for name, spread in spreads.items() if spread is not None]
    if not given and hasattr(mu, "mean") and not callable(mu.mean):
        mu, given, spreads = mu.mean, ["logvar"], {"logvar": read_log_variance(mu)}
    if len(given) != 1:
        raise ValueError(
            f"mu should come with one of logvar, var and std, not with {' and '.join(given) or 'none'}"
        )
    [name] = given
    means, spread = to_doubles("mu", mu), to_doubles(name, spreads[name])
    shapes = tuple(means.shape), tuple(spread.shape)
    if shapes[0] != shapes[1]:
        raise ValueError(f"mu and {name} should have the same shape, not {shapes[0]} and {shapes[1]}")
    if len(shapes[0]) < 2 or shapes[0][0] < 1 or means[0].numel() < 1:
        raise ValueError(f"mu and {name} should have the shape (examples, dimensions), not {shapes[0]}")
    if name != "logvar":
        if not bool((spread > 0).all()):
            raise ValueError(f"{name}: should be positive; {int((spread <= 0).sum())} of its values are not")
        spread = spread.log() * (1 if name == "var" else 2)
    largest = float(spread.abs().max())
    if largest > LARGEST_LOGVAR:
        raise ValueError(
            f"{name}: exp of +-{largest:.4g} is out of range; it should be the logarithm of the variance"
        )
    return Gaussian(means.flatten(1), spread.flatten(1))


def read_log_variance(q: Any) -> torch.Tensor:
    """Return the log-variance of a distribution.

    Raises ValueError if it is no Gaussian, or if its dimensions are correlated.
    """
    if isinstance(getattr(q, "logvar", None), torch.Tensor):
        return q.logvar
    base = q.base_dist if isinstance(q, Independent) else q
    if isinstance(base, MultivariateNormal):
        covariance = base.covariance_matrix
        variances = covariance.diagonal(dim1=-2, dim2=-1)
        if not torch.equal(covariance, torch.diag_embed(variances)):
            raise ValueError("mu: the dimensions of this distribution are correlated; q should be diagonal")
    elif not isinstance(base, Normal):
        raise ValueError(f"mu: should be a Gaussian or come with its logvar; it is of {type(q).__name__}")
    return base.variance.log()


def load_encodings(file: Path) -> dict[str, NDArray[Any]]:
    """Return the arrays mu, logvar and, if it is there, labels of an .npz file.

    Raises ValueError or OSError with one line.
    """
    return read_npz(file, ("mu", "logvar"), ("labels",))
