"""The encodings of anybody's VAE, checked: means and log-variances in any form, also from a file."""

import zipfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from uncollapse.data.npz import read_npz
from uncollapse.your_vae.handed_over.batches import is_array, is_plain, join_batches
from uncollapse.your_vae.handed_over.encodings import Encodings, are_directions, join_encodings
from uncollapse.your_vae.handed_over.gaussian_objects import MOST_COVARIANCES
from uncollapse.your_vae.handed_over.given_forms import read_forms
from uncollapse.your_vae.handed_over.named_spreads import (
    ALONE,
    Given,
    read_mapping,
    sort_by_kind,
    to_log_variance,
)
from uncollapse.your_vae.handed_over.real_arrays import OutOfRange

LARGEST_LOGVAR = 88.0  # The exp of a larger absolute value leaves the range of floats.


def read_posterior(mu: Any, logvar: Any = None, *more: Any, var: Any = None, std: Any = None) -> Encodings:
    """Return q(z|x) of every example, from means (N, ...) and one of `logvar`, `var` and `std`.

    Each may be an array or a list of batches. The spread has the shape of `mu`, or one number for each
    example (N, 1), or it is shared by all (D,). `mu` alone may be all in one: a dict, a tuple (mu, logvar), a
    Gaussian of torch, Pyro, NumPyro, distrax, TensorFlow Probability or diffusers, or a list with one of
    these for each batch. Raises ValueError with one line that names the argument.
    """
    if more:
        raise ValueError("diagnose takes mu and logvar, and no samples z beside them: diagnose(mu, logvar)")
    spreads = {"logvar": logvar, "var": var, "std": std}
    given = [name for name, spread in spreads.items() if spread is not None]
    if len(given) > 1:
        raise ValueError(f"{ALONE} {' and '.join(given)}")
    if given:
        [name] = given
        if not (is_array(mu) or isinstance(mu, list | tuple) or is_plain(mu)):
            kind = type(mu).__name__
            raise ValueError(f"mu: should be an array or a list of batches beside {name}=, not a {kind}")
        return check_arrays(Given(mu, name, spreads[name]))
    found = read_forms(mu)
    if len(found) > 1 and len({form.kind for form in found}) == 1:
        means = [form.means for form in found]
        if all(is_array(mean) and len(mean.shape) == 1 for mean in means):
            return check_arrays(Given(means, found[0].kind, [form.spread for form in found]))
    return join_encodings([check_arrays(form) for form in found])


def check_arrays(given: Given) -> Encodings:
    """Return means and a spread as encodings. Raises ValueError with one line that names the argument."""
    name = given.kind
    means, spread = join_batches("mu", given.means), join_batches(name, given.spread)
    if means.ndim < 2 or means.numel() < 1:
        shape = tuple(means.shape)
        raise ValueError(f"mu and {name} should have the shape (examples, dimensions), not {shape}")
    if name == "covariance":
        return check_covariance(means, spread)
    logvar = to_log_variance(name, broadcast_spread(means, name, spread))
    check_range(name, logvar.flatten(1))
    if spread.numel() == len(means) and are_directions(means.flatten(1)):
        raise ValueError(
            f"mu: every example has length 1 and one {name}, as the direction and the concentration of a von "
            "Mises-Fisher distribution, which is not a Gaussian; uncollapse.reads(nll, x, z) takes any"
        )
    return Encodings(means.flatten(1), logvar.flatten(1), tuple(means.shape[1:]), name)


def check_covariance(means: Tensor, covariance: Tensor) -> Encodings:
    """Return means (N, ..., D) and covariances (N, ..., D, D) as encodings of correlated dimensions.

    Axes between the examples and the last one are independent of each other. Raises ValueError with one line.
    """
    whole, latents = tuple(means.shape), means.shape[-1]
    if covariance.shape[-2:] != (latents, latents) or covariance.ndim > means.ndim + 1:
        shape = tuple(covariance.shape)
        raise ValueError(
            f"covariance: should have the shape {(*whole, latents)} beside mu {whole}, not {shape}"
        )
    size = len(means) * means[0].numel() ** 2
    if size > MOST_COVARIANCES:
        most = int(len(means) * MOST_COVARIANCES / size)
        raise ValueError(f"covariance: {size:.2g} numbers are too many; hand over {most} examples or fewer")
    try:
        tril = torch.linalg.cholesky(covariance).expand(*whole, latents)
    except RuntimeError:
        raise ValueError("covariance: should be positive definite for every example") from None
    logvar = covariance.diagonal(dim1=-2, dim2=-1).log().expand(whole)
    check_range("covariance", logvar.flatten(1))
    if means.ndim > 2:
        blocks = tril.flatten(1, -3)
        eye = torch.eye(blocks.shape[1], dtype=torch.float64)
        tril = torch.einsum("npij,pq->npiqj", blocks, eye).flatten(3).flatten(1, 2)
    return Encodings(means.flatten(1), logvar.flatten(1), whole[1:], "covariance", tril)


def check_range(name: str, logvar: Tensor) -> None:
    """Raise ValueError, which names the example, if a variance leaves the range of floats."""
    largest = logvar.abs().amax(1)
    if float(largest.max()) > LARGEST_LOGVAR:
        example = int(largest.argmax())
        value = float(logvar[example, logvar[example].abs().argmax()])
        raise OutOfRange(
            f"{name}: exp of {value:.4g}, the variance of example {example}, is out of range; clamp logvar, "
            "to -20 and 10 for instance, unless it is not the logarithm of the variance"
        )


def broadcast_spread(means: Tensor, name: str, spread: Tensor) -> Tensor:
    """Return a spread in the shape of the means.

    It may have one number for all, one for each example, (N,) or (N, 1), or be shared by all examples, (D,).
    Raises ValueError where the shapes do not say which.
    """
    whole, own = tuple(means.shape), tuple(spread.shape)
    if own == whole or spread.ndim == 0:
        return spread.expand(whole)
    if spread.ndim == means.ndim and all(size in (1, full) for size, full in zip(own, whole, strict=True)):
        return spread.expand(whole)
    of_each, shared = own == whole[:1], own == whole[1:]
    if shared and not of_each:
        return spread.expand(whole)
    if of_each and not shared:
        return spread.view(-1, *[1] * (means.ndim - 1)).expand(whole)
    line = f"mu and {name} should have the same shape, not {whole} and {own}"
    if of_each and shared:
        line += f"; pass {name} as (examples, 1) or as (1, dimensions)"
    elif [size for size in own if size > 1] == [size for size in whole if size > 1]:
        line += "; remove the axes of size 1"
    elif own == (*whole, whole[-1]):
        line += "; for a full covariance pass mu=torch.distributions.MultivariateNormal(mean, covariance)"
    raise ValueError(line)


def load_encodings(file: Path) -> dict[str, Any]:
    """Return the arguments of `diagnose` from an .npz file of means, a spread and, perhaps, labels.

    The arrays are mu and logvar, or have any names that a dict may have for `diagnose`; or they are codes and
    size, or probabilities and, perhaps, prior. Raises ValueError or OSError with one line.
    """
    names = list_arrays(file)
    if "codes" in names:
        found = read_npz(file, ("codes", "size"))
        return {"codes": found["codes"], "size": found["size"].tolist()}
    if "probabilities" in names:
        return read_npz(file, ("probabilities",), ("prior",))
    known = sort_by_kind(names)
    if {"mu", "logvar"} <= set(names) or "mean" not in known or len(known) < 2:
        return read_npz(file, ("mu", "logvar"), ("labels",))
    arrays: dict[str, Any] = read_npz(file, [name for kind in known.values() for name in kind], ("labels",))
    labels = arrays.pop("labels", None)
    try:
        given = read_mapping(arrays)
    except ValueError as error:
        raise ValueError(f"{file}: {error}") from None
    return {"mu": {"mean": given.means, given.kind: given.spread}, "labels": labels}


def list_arrays(file: Path) -> list[str]:
    """Return the names of the arrays in an .npz file; none if the file cannot be read."""
    if not file.is_file():  # Opening a pipe would wait for its other end.
        return []
    try:
        with zipfile.ZipFile(file) as archive:
            return [name.removesuffix(".npy") for name in archive.namelist()]
    except Exception:  # Reading the arrays says what is wrong with the file.
        return []
