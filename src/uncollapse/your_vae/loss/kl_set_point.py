"""Where the slope of a KL term begins or turns: a set point, or free bits, found by bisection."""

import math
from collections.abc import Callable

from torch import Tensor

from uncollapse.your_vae.loss.audited_batch import AuditBatch, Loss, compute_gradients
from uncollapse.your_vae.loss.kl_weight_reading import KL_SLOPES, read_kl

HALVINGS = 30


def compute_kl(batch: AuditBatch) -> Tensor:
    """Return the KL of each example to N(0, I) in nats, (N,)."""
    mu, logvar = batch.mu.double(), batch.logvar.double()
    return (0.5 * (mu.square() + logvar.exp() - 1 - logvar)).flatten(1).sum(1)


def bisect_scale(low: float, high: float, is_above: Callable[[float], bool]) -> tuple[float, float]:
    """Return the scales between which something begins, close to each other."""
    for _ in range(HALVINGS):
        middle = math.sqrt(low * high)
        low, high = (low, middle) if is_above(middle) else (middle, high)
    return low, high


def find_scales(batch: AuditBatch) -> tuple[float, float]:
    """Return scales of the latents at which the KL is far below and far above what it is."""
    here = float(compute_kl(batch).mean())
    latents = batch.mu[0].numel()

    def find(target: float) -> float:
        return bisect_scale(
            1e-6, 1e9, lambda scale: float(compute_kl(batch.scale_latents(scale)).mean()) > target
        )[1]

    return find(min(here / 100, 1e-4 * latents)), find(1000 * (1 + here))


def sum_slopes(loss: Loss, batch: AuditBatch) -> Tensor:
    """Return how a loss changes with the KL of each example: above 0 where it grows with it, (N,)."""
    gradients = compute_gradients(loss, batch)
    of_mean = gradients.mu.double() * batch.mu
    of_spread = gradients.logvar.double() * KL_SLOPES["logvar"](batch.logvar.double())
    return (of_mean + of_spread).flatten(1).sum(1)


def describe_set_point(loss: Loss, batch: AuditBatch, low: float, high: float) -> str:
    """Say at which KL the slope of a loss turns from below 0 to above."""
    scales = bisect_scale(low, high, lambda scale: float(sum_slopes(loss, batch.scale_latents(scale))[0]) > 0)
    below, above = (batch.scale_latents(scale) for scale in scales)
    of_examples = compute_kl(above)
    # A target of the mean turns the slopes of all examples, and one of each example that of the first alone.
    falls, rises = sum_slopes(loss, below) < 0, sum_slopes(loss, above) > 0
    target = float(of_examples.mean() if bool((falls & rises).all()) else of_examples[0])
    return f"its KL has a set point (target) of about {target:.3g} nats an example"


def describe_floor(loss: Loss, batch: AuditBatch, low: float, high: float) -> str:
    """Say below which KL a loss has no slope in it."""
    scales = bisect_scale(low, high, lambda scale: bool(sum_slopes(loss, batch.scale_latents(scale)).any()))
    above = batch.scale_latents(1.001 * scales[1])
    found = read_kl(compute_gradients(loss, above), above.mu, above.logvar)
    if found.problem:
        return "free bits of each latent or example: below them the KL does not count"
    floor = float(compute_kl(batch.scale_latents(scales[1])).mean())
    return f"free bits: a KL below about {floor:.3g} nats an example does not count"
