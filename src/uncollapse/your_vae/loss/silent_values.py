"""The values of an example that do not count in a loss, because its gradient is 0: a mask, or padding."""

from typing import Any

import torch
from torch import Tensor

from uncollapse.your_vae.loss.audited_batch import AuditBatch, Probe, list_tensors
from uncollapse.your_vae.loss.candidates import OWN, Candidate
from uncollapse.your_vae.loss.gradient_fit import find_silent, join_entries
from uncollapse.your_vae.loss.named_likelihoods import KnownLikelihood


def count_values(known: KnownLikelihood, batch: AuditBatch) -> float:
    """Return how many values an example has: tokens, pixels, counts."""
    if not isinstance(batch.x, Tensor):
        return sum(part.numel() for part in list_tensors(batch.output)) / len(batch.mu)
    one_hot = known.key == "categorical" and known.layout == "same"
    one_hot = one_hot or (known.key == OWN and find_class_axis(batch.x) is not None)
    return float(batch.x.sum() if one_hot else batch.x.numel()) / len(batch.mu)


def describe_silent(candidate: Candidate, probe: Probe, values: float) -> tuple[float, str]:
    """Return the share of the values that count, and a note on those that do not."""
    silent, there = find_silent_values(candidate, probe)
    share = 1 - int(silent.sum()) / there
    if not silent.any():
        return 1.0, ""
    count = len(probe.batch.mu)
    rows = silent.reshape(count, -1) if len(silent) % count == 0 else None
    alike = rows is not None and bool((rows == rows[0]).all())
    whole, where = (values, "") if alike else (values * count, " of the batch")
    left_out = round((1 - share) * whole)
    return (
        share,
        f"; {left_out:,} of {round(whole):,} values{where} do not count (a mask, padding or a clamp)",
    )


def find_silent_values(candidate: Candidate, probe: Probe) -> tuple[Tensor, int]:
    """Return which entries of the output do not count in a loss, and how many there are.

    The classes of a token count as one. Entries that a function masks itself do not count either.
    """
    shapes, gradients = candidate.compute_shape(probe.batch, probe.gradients.output), probe.gradients.output
    if candidate.known.layout == "classes":
        [gradient] = candidate.lay_out(gradients, probe.batch.x)
        silent = (gradient == 0).all(-1).flatten()
        return silent, silent.numel()
    gradient, shape = join_entries(gradients), join_entries(shapes)
    if (
        candidate.known.parameter
    ):  # Too few examples leave a value without a dispersion, and so without a shape.
        shape = shape.nan_to_num(nan=1.0)
    if candidate.known.key == OWN:
        return leave_out_zeros((gradient == 0) & shape.isfinite(), probe.batch.x)
    return find_silent(gradient, shape), int((shape != 0).sum())


def leave_out_zeros(silent: Tensor, x: Any) -> tuple[Tensor, int]:
    """Return the silent entries of a function without the zeros of counts, and how many entries there are.

    In -x log p no 0 has a gradient: of a one-hot x only positions count, and of counts all values do.
    """
    if not isinstance(x, Tensor) or x.numel() != silent.numel():
        return silent, silent.numel()
    axis = find_class_axis(x)
    if axis is not None:
        of_positions = silent.view(x.shape).all(axis) & x.any(axis)
        return of_positions.flatten(), int(x.any(axis).sum())
    zeros = x.flatten() == 0
    if bool((x == x.round()).all()) and bool(zeros[silent].all()):
        return torch.zeros_like(silent), silent.numel()
    return silent, silent.numel()


def find_class_axis(x: Any) -> int | None:
    """Return the axis on which x is one-hot, the last one or axis 1, None if it is on none.

    The classes of a position may all be 0, where it is padding.
    """
    if not isinstance(x, Tensor) or not bool(((x == 0) | (x == 1)).all()):
        return None
    for axis in dict.fromkeys((x.dim() - 1, 1)) if x.dim() > 1 else ():
        in_position = x.sum(axis)
        if (
            x.shape[axis] > 1
            and float(in_position.max()) == 1
            and 2 * in_position.sum() > in_position.numel()
        ):
            return axis
    return None
