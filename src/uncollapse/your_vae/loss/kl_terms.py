"""The weight of the KL in a loss, also where the KL is estimated by samples or has another prior.

A weight counts only if it is the same for less and for more KL. A loss c |KL - C| has a set point C instead
(Burgess et al. 2018, arXiv 1804.03599, eq. 8), and one with free bits has no slope below them.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor

from uncollapse.your_vae.loss.audited_batch import AuditBatch, Gradients, Loss, NoElbo, compute_gradients
from uncollapse.your_vae.loss.gradient_fit import SAME, is_same
from uncollapse.your_vae.loss.kl_set_point import describe_floor, describe_set_point, find_scales
from uncollapse.your_vae.loss.kl_weight_reading import KL_SLOPES, NO_KL, LatentTerm, read_kl

CALLS = 200  # So many calls of a loss that draws random numbers are averaged.
SHIFT = 0.5  # The two gradients of a KL to another prior are read at encodings so far from each other.
NO_WEIGHT = "; that is no weight, as in ControlVAE and Burgess et al. 2018"
Reader = Callable[[AuditBatch], LatentTerm]


@dataclass(frozen=True)
class KlFinding:
    """What is known of the KL in a loss, and its weight in the first half of the batch."""

    term: LatentTerm
    half: float | None = None


def find_kl(loss: Loss, batch: AuditBatch, first: Gradients, half: AuditBatch | None) -> KlFinding:
    """Find the weight of the KL; `first` are the gradients in the batch."""

    def read(given: AuditBatch) -> LatentTerm:
        return read_kl(compute_gradients(loss, given), given.mu, given.logvar)

    reader: Reader = read
    term = read_kl(first, batch.mu, batch.logvar)
    if not first.uses_latents:
        return KlFinding(term, 0.0)
    again = compute_gradients(loss, batch, seed=1)
    if term.weight is None and is_random(first, again):
        reader = partial(average_calls, loss)
        term = check_other(reader(batch), reader, batch)
    else:
        term, scale = check_fixed(loss, batch, term, read)
        if scale != 1:
            reader = partial(read_scaled, read, scale)
        elif term.problem == NO_KL:
            reader = partial(read_learned_prior, loss)
            term = check_other(reader(batch), reader, batch)
        else:
            term = compare(term, term, read_kl(again, batch.mu, batch.logvar), "")
    in_half = try_reading(reader, half) if half and term.weight else None
    return KlFinding(term, in_half.weight if in_half else None)


def read_scaled(read: Reader, scale: float, batch: AuditBatch) -> LatentTerm:
    """Return what a reader finds where the latents are scaled."""
    return read(batch.scale_latents(scale))


def is_random(one: Gradients, other: Gradients) -> bool:
    """Tell whether the gradients in mu and logvar differ from call to call."""
    return not (torch.equal(one.mu, other.mu) and torch.equal(one.logvar, other.logvar))


def try_reading(reader: Reader, batch: AuditBatch) -> LatentTerm | None:
    """Return what a reader finds in a batch, None if the loss cannot be computed there."""
    try:
        return reader(batch)
    except (NoElbo, ValueError):
        return None


def compare(term: LatentTerm, here: LatentTerm, other: LatentTerm | None, where: str) -> LatentTerm:
    """Return the term, with a problem if its weight is another one in another call."""
    if other is None or here.weight is None or other.weight is None:
        return term
    allowed = 4 * (here.error**2 + other.error**2) ** 0.5 + SAME * abs(here.weight)
    if abs(here.weight - other.weight) <= allowed:
        return term
    found = f"{here.weight:.4g} here, {other.weight:.4g} {where or 'at the next call'}"
    return replace(
        term,
        problem=f"the weight of its KL changes, {found}: it is no sum or mean, or not the same at each call",
        weight=None,
    )


def check_other(term: LatentTerm, reader: Reader, batch: AuditBatch) -> LatentTerm:
    """Return the term, with a problem if its weight is another one for more KL."""
    if term.weight is None:
        return term
    return compare(term, term, try_reading(reader, batch.scale_latents(1.5)), "for more KL")


def check_fixed(loss: Loss, batch: AuditBatch, term: LatentTerm, read: Reader) -> tuple[LatentTerm, float]:
    """Return the term, seen at less and at more KL, and the scale of the latents at which it has a weight."""
    low, high = find_scales(batch)
    less, more = (try_reading(read, batch.scale_latents(scale)) for scale in (low, high))
    if less is None or more is None or less.weight is None or not more.weight:
        return term, 1.0
    if less.weight < 0 < more.weight:
        target = describe_set_point(loss, batch, low, high)
        if is_same(-less.weight, more.weight):
            return LatentTerm(more.weight, f"{target} with the factor {{weight}}{NO_WEIGHT}"), high
        return LatentTerm(None, f"{target}, with a factor that grows with the distance{NO_WEIGHT}"), 1.0
    if less.weight == 0 < more.weight:
        floor = describe_floor(loss, batch, low, high)
        if term.weight == 0:
            return LatentTerm(more.weight, f"its KL has no slope on this batch ({floor})"), high
        if term.problem:
            return replace(term, weight=more.weight), high
        return replace(compare(term, term, more, "for more KL"), note=f"{term.note}; {floor}"), high
    if term.problem:
        return term, 1.0
    return compare(compare(term, term, less, "for less KL"), term, more, "for more KL"), 1.0


def average_calls(loss: Loss, batch: AuditBatch) -> LatentTerm:
    """Return the weight of a KL that is estimated by random samples, from the mean of many gradients."""
    calls = []
    for seed in range(CALLS):
        gradients = compute_gradients(loss, batch, seed)
        calls.append(torch.cat([gradients.mu.flatten(), gradients.logvar.flatten()]).double())
    gradient = torch.stack(calls)
    shape = torch.cat([batch.mu.flatten(), KL_SLOPES["logvar"](batch.logvar).flatten()]).double()
    # One half of the calls says how much to trust each entry, and the other half gives the weight.
    noise = gradient[::2].var(0).clamp(min=1e-30)
    drawn = (gradient[1::2] * shape / noise).sum(1) / (shape.square() / noise).sum()
    weight, error = float(drawn.mean()), float(drawn.std() / len(drawn) ** 0.5)
    misfit = (gradient.mean(0) - weight * shape).square() / (gradient.var(0) / CALLS + 1e-30)
    if float(misfit.mean()) > 1.2 + 5 * (2 / len(shape)) ** 0.5 or error > 0.05 * abs(weight):
        return LatentTerm(None, f"{NO_KL} It draws random numbers")
    note = f"; its KL is estimated by samples, so its weight is that of {CALLS} calls, ± {2 * error:.2g}"
    return LatentTerm(weight, note=note, error=error)


def read_learned_prior(loss: Loss, batch: AuditBatch) -> LatentTerm:
    """Return the weight of a KL to a diagonal Gaussian other than N(0, I), which may differ by example.

    Its gradients are c (mu - m) / v and c (exp(logvar) / v - 1) / 2, so those at two encodings give c.
    """
    moved = replace(batch, mu=batch.mu + SHIFT, logvar=batch.logvar + SHIFT)
    one, other = compute_gradients(loss, batch), compute_gradients(loss, moved)
    of_spread = one.logvar.double()
    variances = batch.logvar.double().exp()
    growth = 2 * (other.logvar.double() - of_spread) / (moved.logvar.double().exp() - variances)
    weights = growth * variances - 2 * of_spread
    weight = float(weights.median())
    off_means = (other.mu.double() - one.mu.double() - SHIFT * growth).norm()
    if not weight or not is_constant_weight(weights) or not off_means <= SAME * SHIFT * growth.norm():
        return LatentTerm(None, NO_KL)
    means = batch.mu.double() - one.mu.double() / growth
    deviations = (weight / growth).sqrt()
    where = f"means {float(means.min()):.3g} to {float(means.max()):.3g}"
    spread = f"standard deviations {float(deviations.min()):.3g} to {float(deviations.max()):.3g}"
    return LatentTerm(weight, note=f"; its KL is to a prior other than N(0, I), with {where} and {spread}")


def is_constant_weight(weights: Tensor) -> bool:
    """Tell whether every latent has the same weight."""
    return bool(weights.isfinite().all()) and bool(
        (weights - weights.median()).norm() <= SAME * weights.norm()
    )
