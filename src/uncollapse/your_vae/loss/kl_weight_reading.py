"""The weight of the KL in a loss, read off the gradients in mu and logvar in one batch.

In c KL(q(z|x) || N(0, I)) these gradients are c mu and c (exp(logvar) - 1) / 2. A KL that is estimated at one
sample, c (log q(z|x) - log p(z)) at z = mu + sigma eps, has the gradients c z and c (z sigma eps - 1) / 2, so
that eps can be eliminated, and c is found exactly.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from uncollapse.your_vae.loss.audited_batch import Gradients
from uncollapse.your_vae.loss.gradient_fit import TOLERANCE, fit_rows, fit_weight, is_same

# The gradient of the KL in the argument logvar, by what the loss takes that argument for.
KL_SLOPES: dict[str, Callable[[Tensor], Tensor]] = {
    "logvar": lambda s: (s.exp() - 1) / 2,
    "a variance": lambda s: (1 - 1 / s) / 2,
    "a standard deviation": lambda s: s - 1 / s,
    "the logarithm of a standard deviation": lambda s: (2 * s).exp() - 1,
}
NO_KL = (
    "the gradients in mu and logvar are not those of a KL to N(0, I); does the loss use a learned "
    "prior, free bits or another divergence?"
)
NO_SLOPE = (
    "its KL has no slope on this batch; does it use free bits, a target, or a warm-up that has not begun?"
)


@dataclass(frozen=True)
class LatentTerm:
    """What is known of the KL in a loss: its weight in a batch, why it is none, and a note."""

    weight: float | None = None
    problem: str = ""
    note: str = ""
    error: float = 0.0  # The standard error of a weight that is found from many calls.


def read_kl(gradients: Gradients, mu: Tensor, logvar: Tensor) -> LatentTerm:
    """Read the weight of the KL off the gradients in one batch."""
    in_mu, in_logvar = gradients.mu, gradients.logvar
    mu, logvar = mu.double(), logvar.double()
    if not gradients.uses_latents:
        return LatentTerm(0.0)
    if not in_mu.any() and not in_logvar.any():
        return LatentTerm(0.0, NO_SLOPE)
    of_mean = fit_weight(in_mu, mu)
    spreads = {name: fit_weight(in_logvar, shape(logvar)) for name, shape in KL_SLOPES.items()}
    if of_mean is not None:
        agreeing = [name for name, weight in spreads.items() if weight and is_same(of_mean, weight)]
        silent = describe_silent_latents(in_mu, in_logvar, mu, logvar)
        if "logvar" in agreeing:
            clamp = "" if silent else describe_clamp(in_mu, in_logvar, logvar)
            return LatentTerm(of_mean, silent, clamp)
        if agreeing:
            return LatentTerm(of_mean, f"its KL takes logvar for {agreeing[0]}")
        if spreads["logvar"] is not None:
            of_spread = spreads["logvar"]
            return LatentTerm(
                None, f"its KL weighs the means by {of_mean:.4g} and the variances by {of_spread:.4g}"
            )
    sampled = read_sampled_kl(in_mu, in_logvar, mu, logvar)
    if sampled is not None:
        return LatentTerm(sampled, note="; its KL is estimated at one sample of z")
    return LatentTerm(None, describe_unequal_latents(in_mu, in_logvar, mu, logvar) or NO_KL)


def describe_silent_latents(in_mu: Tensor, in_logvar: Tensor, mu: Tensor, logvar: Tensor) -> str:
    """Say how many latents have no slope in the KL, or nothing."""
    there = (mu != 0) | (logvar != 0)
    silent = (in_mu == 0) & (in_logvar == 0) & there
    columns = int((silent.flatten(1).all(0) & there.flatten(1).any(0)).sum())
    if columns:
        every = silent[0].numel()
        return (
            f"{columns} of {every} latents do not count in its KL; if that is intended (free bits), audit a "
            "batch whose KL is above them"
        )
    if silent.any():
        return (
            f"{int(silent.sum()):,} of {silent.numel():,} latents of the batch do not count in its KL (free "
            "bits, or a mask)"
        )
    lone = (in_mu == 0) & (mu != 0) & ~silent
    return f"{int(lone.sum())} of {lone.numel()} values of mu do not count in its KL" if lone.any() else ""


def describe_clamp(in_mu: Tensor, in_logvar: Tensor, logvar: Tensor) -> str:
    """Say from where on logvar has no slope in the KL, as after a clamp, or nothing."""
    silent = (in_logvar == 0) & (in_mu != 0) & (logvar != 0)
    if not silent.any():
        return ""
    where = f"from {float(logvar[silent].min()):.4g} to {float(logvar[silent].max()):.4g}"
    return f"; logvar is clamped in its KL: {int(silent.sum())} of {silent.numel()} have no slope, {where}"


def read_sampled_kl(in_mu: Tensor, in_logvar: Tensor, mu: Tensor, logvar: Tensor) -> float | None:
    """Return the weight of a KL that is estimated at one sample for each latent, None if it is none."""
    of_mu, of_spread = in_mu.double(), in_logvar.double()
    # With c z = of_mu, 2 of_spread + c = z (c z - c mu) is a quadratic equation of c.
    half = of_spread + of_mu * mu / 2
    for sign in (1, -1):
        weight = float((sign * (half.square() + of_mu.square()).sqrt() - half).median())
        if not weight:
            continue
        off = (2 * of_spread + weight - of_mu.square() / weight + of_mu * mu).norm()
        noise = (of_mu / weight - mu) * (-logvar / 2).exp()
        if bool(off <= TOLERANCE * (2 * of_spread).norm()) and bool((noise.abs() < 10).all()):
            return weight
    return None


def describe_unequal_latents(in_mu: Tensor, in_logvar: Tensor, mu: Tensor, logvar: Tensor) -> str:
    """Say how a KL weighs the examples, or the latents, unequally, or nothing."""
    gradient = torch.cat([in_mu.flatten(1), in_logvar.flatten(1)], 1)
    shape = torch.cat([mu.flatten(1), KL_SLOPES["logvar"](logvar).flatten(1)], 1)
    by_example, fits = fit_rows(gradient, shape)
    if fits and len(by_example) > 1:
        low, high = float(by_example.min()), float(by_example.max())
        return f"its KL weighs the examples unequally, from {low:.4g} to {high:.4g}"
    latents = mu[0].numel()
    by_latent, fits = fit_rows(
        torch.cat([gradient[:, :latents], gradient[:, latents:]]).T,
        torch.cat([shape[:, :latents], shape[:, latents:]]).T,
    )
    if fits and len(by_latent) > 1:
        low, high = float(by_latent.min()), float(by_latent.max())
        return f"its KL weighs the latents unequally, from {low:.4g} to {high:.4g}"
    return ""
