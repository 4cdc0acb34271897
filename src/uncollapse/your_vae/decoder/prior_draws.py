"""Samples z of the prior, in the form of given samples z of q(z|x)."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.distributions import Distribution

from uncollapse.seeds import make_seed, torch_generator
from uncollapse.your_vae.decoder.loss_batches import make_tuple
from uncollapse.your_vae.handed_over.real_arrays import read_numbers, take_first_line

CODES = "z holds whole numbers, which have no standard prior; pass one as prior="
LEVELS = "the prior of several levels is not known; pass one for each as prior="
SHARES = (
    "z looks like probabilities or one-hot codes, not like draws near N(0, I); pass their prior as prior="
)
SPHERE = "every z has length 1, so its prior is not N(0, I); pass it as prior="
REPEATED = "z takes the same values again and again, as vectors of a codebook do; pass their prior as prior="
REPEATED_SHARE = 0.9  # The share of different vectors below which they are taken for those of a codebook.


def explain_no_standard_prior(z: Any) -> str | None:
    """Return why N(0, I) cannot be the prior of samples z (N, ...), or None."""
    if isinstance(z, tuple | dict):
        return LEVELS
    if holds_booleans(z) or holds_whole_numbers(z):
        return CODES
    values = read_numbers("z", z[:1000])
    for axis in {1, values.ndim - 1} if values.ndim > 1 else set[int]():
        vectors = np.moveaxis(values, axis, -1).reshape(-1, values.shape[axis])[:5000]
        if vectors.shape[1] > 1 and np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3):
            return SPHERE if (vectors < 0).any() else SHARES
        if vectors.shape[1] > 1 and (vectors >= 0).all() and np.allclose(vectors.sum(1), 1, atol=1e-3):
            return SHARES
        if vectors.shape[1] > 2 and repeats_itself(vectors):
            return REPEATED
    precise = z.dtype.itemsize >= 4
    return REPEATED if precise and repeats_itself(values.reshape(-1, 1)[:20_000]) else None


def repeats_itself(vectors: NDArray[np.float64]) -> bool:
    """Tell whether vectors (M, D) take few values, as real draws of a density do not."""
    return len(vectors) >= 20 and len(np.unique(vectors, axis=0)) < REPEATED_SHARE * len(vectors)


def holds_booleans(array: Any) -> bool:
    """Tell whether an array holds truth values."""
    return array.dtype == (torch.bool if isinstance(array, torch.Tensor) else np.dtype(bool))


def holds_whole_numbers(array: Any) -> bool:
    """Tell whether an array without truth values holds whole numbers."""
    if isinstance(array, torch.Tensor):
        return not array.is_floating_point()
    return np.dtype(array.dtype).kind in "iu"


def draw_standard(z: Any, seed: int) -> Any:
    """Return samples of N(0, I) in the form of z (N, ...)."""
    noise = torch.randn(tuple(z.shape), generator=torch_generator(seed, "z of the prior"))
    return imitate_form(noise, z)


def draw_prior(prior: Any, z: Any, seed: int) -> Any:
    """Return samples of `prior` in the form of z (N, ...).

    `prior` is a distribution, a function of the number of samples, samples, or a mean and log-variance; for
    a tuple or dict of levels it is one of each. Raises ValueError with one line that names `prior`.
    """
    devices = [z.device] if isinstance(z, torch.Tensor) and z.is_cuda else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(make_seed(seed, "z of the prior"))
        return draw_like(prior, z)


def draw_like(prior: Any, z: Any) -> Any:
    """Draw as `draw_prior` does, from the global generator of torch."""
    count = count_rows(z)
    if isinstance(z, tuple | dict):
        if is_function(prior):
            prior = call_prior(prior, count)
        keys = list(z) if isinstance(z, dict) else list(range(len(z)))
        fits = isinstance(prior, Mapping) if isinstance(z, dict) else isinstance(prior, tuple | list)
        if not fits or len(prior) != len(z) or (isinstance(z, dict) and set(prior) != set(z)):
            raise ValueError(f"prior: should have one prior for each of the {len(z)} levels of z")
        for key in keys:
            refuse_own_levels(prior[key], key, count)
        levels = [draw_like(prior[key], z[key]) for key in keys]
        return dict(zip(keys, levels, strict=True)) if isinstance(z, dict) else make_tuple(z, levels)
    if isinstance(prior, tuple) and len(prior) == 2:
        return imitate_form(draw_gaussian(prior, z), z)
    if isinstance(prior, Distribution):
        return imitate_form(draw_distribution(prior, tuple(z.shape)), z)
    if not hasattr(prior, "shape") and hasattr(prior, "sample"):
        prior = prior.sample
    return imitate_form(call_prior(prior, count) if is_function(prior) else prior, z)


def refuse_own_levels(prior: Any, level: Any, count: int) -> None:
    """Raise ValueError if the mean and log-variance of one level among several have a row for each example.

    They belong to the own z of the level above, while a z of the whole prior begins with a new z at the top.
    """
    means = prior[0] if isinstance(prior, tuple) and len(prior) == 2 else None
    if count > 1 and len(shape := getattr(means, "shape", ())) > 1 and shape[0] == count:
        raise ValueError(
            f"prior: of level {level!r} it has a row for each example, so it belongs to the own z of another "
            "level; pass a function n -> samples of all levels, drawn from the top down"
        )


def count_rows(z: Any) -> int:
    """Return the number of examples of z."""
    while isinstance(z, tuple | dict):
        z = next(iter(z.values())) if isinstance(z, dict) else z[0]
    return int(z.shape[0])


def is_function(prior: Any) -> bool:
    """Tell whether a prior is to be called for samples."""
    return callable(prior) and not hasattr(prior, "shape") and not hasattr(prior, "sample")


def call_prior(prior: Callable[[int], Any], count: int) -> Any:
    """Return what a function gives for a number of samples. Raises ValueError if it cannot be called."""
    try:
        return prior(count)
    except Exception as error:
        raise ValueError(f"prior: could not draw {count} samples: {take_first_line(error)}") from None


def draw_gaussian(prior: tuple[Any, Any], z: Any) -> Any:
    """Return samples of a Gaussian from its mean and log-variance, which broadcast to z (N, ...)."""
    mean, logvar = (torch.from_numpy(read_numbers("prior", part)) for part in prior)
    try:
        mean, logvar = (part.expand(tuple(z.shape)) for part in (mean, logvar))
    except RuntimeError:
        shapes = f"{tuple(mean.shape)} and {tuple(logvar.shape)}"
        raise ValueError(
            f"prior: mean and log-variance should broadcast to z, {tuple(z.shape)}, not {shapes}"
        ) from None
    return mean + (logvar / 2).exp() * torch.randn(mean.shape, dtype=mean.dtype)


def draw_distribution(prior: Distribution, shape: tuple[int, ...]) -> torch.Tensor:
    """Return samples of a torch distribution, of one or of one for each example, in a shape (N, ...)."""
    one = tuple(prior.batch_shape + prior.event_shape)
    lead = len(shape) - len(one)
    if lead < 0 or shape[lead:] != one:
        raise ValueError(f"prior: gives samples of shape {one}, which does not fit z, {shape}")
    return prior.sample(torch.Size(shape[:lead]))


def imitate_form(samples: Any, z: Any) -> Any:
    """Return samples as an array of the library, type and device of z (N, ...), from N rows or more.

    Raises ValueError if they have another shape or are no finite numbers.
    """
    if isinstance(samples, np.ndarray | torch.Tensor) and holds_booleans(samples):
        samples = samples + 0
    values = read_numbers("prior", samples)
    count, shape = len(z), tuple(z.shape)
    if values.ndim != len(shape) or values.shape[1:] != shape[1:] or len(values) < count:
        raise ValueError(f"prior: its samples should have the shape of z, {shape}, not {values.shape}")
    values = values[:count]
    if not np.isfinite(values).all():
        raise ValueError("prior: its samples have values that are NaN or infinite")
    if isinstance(z, torch.Tensor):
        return torch.from_numpy(values).to(z.device, z.dtype)
    if hasattr(z, "__array_namespace__"):
        return z.__array_namespace__().asarray(values.astype(z.dtype))
    return values.astype(z.dtype)
