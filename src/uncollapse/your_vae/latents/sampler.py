"""Whether a sampler of z ~ q(z|x) draws what its KL charges for.

The KL of an ELBO is the KL of N(mu, diag exp logvar). Where z is drawn from anything else, the loss is no
ELBO, and a diagnosis of mu and logvar is about a distribution that nobody samples. A sampler is a function
of mu and logvar, so it can be tried: it draws z many times at a few values of mu and logvar.
"""

import math
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor

from uncollapse.vae import Gaussian
from uncollapse.your_vae.handed_over.real_arrays import read_numbers, take_first_line
from uncollapse.your_vae.latents.draws import Doubles, Draws, compare_draws

Sampler = Callable[[Any, Any], Any]

DRAWS_PER_EXAMPLE, FEWEST_DRAWS = 1000, 50
MOST_VALUES = 20_000_000  # Fewer draws are made where one call would return more values.


def doubt_sampler(sample: Sampler, q: Gaussian, mu: Any) -> str | None:
    """Return the doubt about a diagnosis of q (N, D) whose z is drawn otherwise; `mu` has its full shape."""
    shape, device = tuple(getattr(mu, "shape", ())), getattr(mu, "device", "cpu")
    whole = shape if math.prod(shape) == q.mu.numel() and shape[:1] == q.mu.shape[:1] else q.mu.shape
    where = device if isinstance(device, torch.device) else "cpu"
    found = check_sampler(sample, q.mu.view(whole).to(where), q.logvar.view(whole).to(where))
    return found and f"in doubt: {found}; hand over the mean and the standard deviation of what is sampled"


def check_sampler(sample: Sampler, mu: Tensor, logvar: Tensor) -> str | None:
    """Say what a sampler draws otherwise than the KL charges for, or return None where all is well.

    `sample(mu, logvar)` is a reparameterisation. It gets batches (B, ...) of torch, or of NumPy if it refuses
    those, and returns z of the same shape, of any library. It is tried at four of the examples `mu` and
    `logvar` (N, ...), with 1,000 draws at each. A right sampler is blamed with a probability of 1e-6. The
    global random numbers of Python, NumPy and torch stay as they were, and the answer is the same every time.
    Raises ValueError with one line if `sample` fails or returns another shape.
    """
    if not callable(sample):
        raise ValueError(f"sample: should be a function of mu and logvar, not of {type(sample).__name__}")
    rows = choose_examples(logvar)
    mu, logvar = mu.detach()[rows], logvar.detach()[rows]
    if mu.dtype == torch.float64:  # Models have singles, and so have their samplers.
        mu, logvar = mu.float(), logvar.float()
    count = max(FEWEST_DRAWS, min(DRAWS_PER_EXAMPLE, MOST_VALUES // (len(rows) * mu[0].numel())))
    with seed_globals(mu.device):
        draws = draw_at_each(sample, mu, logvar, count)
        if not np.isfinite(draws.z).all():
            return "sample gives values that are NaN or infinite"
        if draws.constant:
            return describe_constant(draws, draw_at_each(sample, mu, logvar, count))
    return compare_draws(draws)


def choose_examples(logvar: Tensor) -> list[int]:
    """Return up to four rows: those with the least and the largest logvar, the first one and a middle one."""
    flat = logvar.detach().flatten(1)
    chosen = [int(flat.amin(1).argmin()), int(flat.amax(1).argmax()), 0, len(flat) // 2]
    return list(dict.fromkeys(chosen))


def draw_at_each(sample: Sampler, mu: Tensor, logvar: Tensor, count: int) -> Draws:
    """Return `count` draws at each of the examples (E, ...), in a call of their own."""
    found = [draw_at_one(sample, one, spread, count) for one, spread in zip(mu, logvar, strict=True)]
    means = mu.flatten(1).double().cpu().numpy()
    exact = np.finfo(np.float32 if mu.dtype == torch.float32 else np.float16).eps
    rounding = np.stack([np.maximum(eps, exact) * np.abs(means[i]) for i, (_, eps) in enumerate(found)])
    logvars = logvar.flatten(1).double().cpu().numpy()
    return Draws(np.stack([z for z, _ in found]), means, logvars, rounding)


def draw_at_one(sample: Sampler, mu: Tensor, logvar: Tensor, count: int) -> tuple[Doubles, float]:
    """Return draws (count, D) at one example (...), and the relative rounding error of their type."""
    batch = mu.expand(count, *mu.shape).clone(), logvar.expand(count, *logvar.shape).clone()
    z = call_sampler(sample, *batch)
    values = read_numbers("sample", z)
    if values.shape != tuple(batch[0].shape):
        raise ValueError(
            f"sample: should return z of the shape of mu, {tuple(batch[0].shape)}, not {values.shape}"
        )
    half = "16" in str(getattr(z, "dtype", ""))
    return values.reshape(count, -1), 2**-8 if half else 2**-23


def call_sampler(sample: Sampler, mu: Tensor, logvar: Tensor) -> Any:
    """Return what a sampler makes of tensors, or of arrays of NumPy if it refuses tensors."""
    try:
        z = sample(mu, logvar)
    except Exception as first:  # Samplers of JAX and Keras refuse tensors with errors of all kinds.
        try:
            z = sample(mu.cpu().numpy(), logvar.cpu().numpy())
        except Exception:
            raise ValueError(f"sample: fails on {len(mu)} examples: {take_first_line(first)}") from first
    return z[0] if isinstance(z, tuple | list) else z


def describe_constant(draws: Draws, again: Draws) -> str:
    """Say what is wrong with a sampler whose draws are the same for all examples of a batch."""
    if (np.abs(draws.z - again.z).max(1) > 4 * draws.rounding).any():
        return "sample draws one noise for all examples of a batch, while the KL charges each for its own"
    if (np.abs(draws.z.mean(1) - draws.mu) <= 4 * draws.rounding).all():
        return "sample returns mu without noise (is the model in eval mode?), while the KL charges for noise"
    return "sample draws no noise, and what it returns is not mu"


@contextmanager
def seed_globals(device: torch.device, seed: int = 0) -> Iterator[None]:
    """Seed the global random numbers of Python, NumPy and torch, and put them back at the end."""
    kept = random.getstate(), np.random.get_state()
    cuda = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(cuda):
        torch.default_generator.manual_seed(seed)
        for one in cuda:
            with torch.cuda.device(one):
                torch.cuda.manual_seed(seed)
        random.seed(seed)
        np.random.seed(seed)
        try:
            yield
        finally:
            random.setstate(kept[0])
            np.random.set_state(kept[1])
