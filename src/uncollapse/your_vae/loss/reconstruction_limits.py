"""What limits the reconstruction in a loss: data without a likelihood, and the most that z can gain."""

from typing import Any

from torch import Tensor

from uncollapse.your_vae.loss.audited_batch import AuditBatch, list_tensors
from uncollapse.your_vae.loss.candidates import OWN
from uncollapse.your_vae.loss.named_likelihoods import LAPLACE, MEAN_GAUSSIAN, KnownLikelihood

FEWEST_FOR_VARIANCE = 8  # The variance of fewer examples says little.


def describe_unknown_shapes(batch: AuditBatch) -> str:
    """Say why no known likelihood can be tried."""
    shapes = " and ".join(str(tuple(part.shape)) for part in list_tensors(batch.output))
    of_x = str(tuple(batch.x.shape)) if isinstance(batch.x, Tensor) else type(batch.x).__name__
    return (
        f"its reconstruction is not known, as no likelihood here has an output of shape {shapes} for x of "
        f"shape {of_x}; pass likelihood=, a function of output and x that returns -log p(x|z) of each example"
    )


def find_no_likelihood(known: KnownLikelihood, weight: float, x: Any) -> str:
    """Say why a likelihood that is found is none, or nothing."""
    if weight < 0:
        hint = ", or likelihood= returns log p(x|z) and not -log p(x|z)" if known.key == OWN else ""
        return f"the reconstruction has the wrong sign: it rewards errors{hint}"
    low, high = known.support
    if known.layout == "same" and (bool((x < low).any()) or bool((x > high).any())):
        where = f"outside of [{low:g}, {high:g}]" if high < float("inf") else f"below {low:g}"
        cost = "cross-entropy" if known.key == "bernoulli" else "loss"
        shown = f"from {float(x.min()):.4g} to {float(x.max()):.4g}"
        return (
            f"it is no likelihood, as x has values {where}, {shown}, so the {cost} has no lower bound; scale "
            "x, or use another likelihood"
        )
    return ""


def bound_gain(known: KnownLikelihood, x: Any) -> float | None:
    """Return the most nats that an example gains by its z, beside one output for all, or None.

    This is for a Gaussian of variance 1 or a Laplace distribution of scale 1: half the variance of x, or its
    mean distance from the median, summed over the values. At the optimum beta times the KL is no more.
    """
    if not isinstance(x, Tensor) or len(x) < FEWEST_FOR_VARIANCE:
        return None
    if known.name == MEAN_GAUSSIAN:
        return float(x.double().var(0).sum()) / 2
    if known.name != LAPLACE:
        return None
    return float((x.double() - x.double().median(0).values).abs().mean(0).sum())
