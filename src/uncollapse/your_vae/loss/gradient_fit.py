"""How a gradient compares with the gradient of a known term, entry by entry."""

from collections.abc import Sequence

import torch
from torch import Tensor

TOLERANCE = 1e-3  # The relative error of a gradient's shape.
SAME = 5 * TOLERANCE  # Two weights that differ by less are the same weight.
SINGLE_ROUNDING = 1e-6  # The error of a term near 1 in single precision; doubles have none to speak of.


def join_entries(parts: Sequence[Tensor]) -> Tensor:
    """Return the entries of several tensors as one list."""
    return torch.cat([part.flatten() for part in parts])


def fit_weight(gradient: Tensor, shape: Tensor) -> float | None:
    """Return the weight with which a gradient is a multiple of `shape`, None if it is no multiple.

    Entries in which the gradient is 0 do not count. Every other entry counts about equally, however large it
    is, so that one log-variance of 30 does not hide the others.
    """
    noise = SINGLE_ROUNDING if bool((gradient == gradient.float()).all()) else 0.0
    gradient, shape = gradient.double().flatten(), shape.double().flatten()
    counted = (gradient != 0) & shape.isfinite()
    there = int((gradient != 0).sum())
    gradient, shape = gradient[counted], shape[counted]
    if not bool(shape.any()) or 2 * len(shape) < there:
        return None
    scale = 1 / (shape.abs() + shape[shape != 0].abs().median())
    weight = (gradient * shape * scale**2).sum() / (shape * scale).square().sum()
    size = (gradient * scale).norm()
    rounding = (noise * weight.abs() * (1 + shape.abs()) * scale).norm().clamp(max=0.02 * size)
    off = ((gradient - weight * shape) * scale).norm()
    close = off <= TOLERANCE * size + rounding
    return float(weight) if bool(close) and bool(weight.isfinite()) else None


def is_same(one: float, other: float) -> bool:
    """Tell whether two weights are the same but for the errors of a fit."""
    return abs(one - other) <= SAME * abs(one)


def find_largest(shape: Tensor) -> Tensor:
    """Return the largest finite entry without its sign, 0 if none is finite."""
    return shape.nan_to_num(nan=0.0, posinf=0.0, neginf=0.0).abs().max()


def find_silent(gradient: Tensor, shape: Tensor) -> Tensor:
    """Return which entries have a gradient of 0 though that of a term which counts them has not.

    A sigmoid that is saturated has a gradient of 0 too, in the precision of its numbers.
    """
    large = shape.abs() > SINGLE_ROUNDING * find_largest(shape).clamp(max=1)
    return (gradient == 0) & large & shape.isfinite()


def fit_rows(gradient: Tensor, shape: Tensor) -> tuple[Tensor, bool]:
    """Return the weight of each row with a gradient, and whether all are multiples of `shape`."""
    gradient, shape = gradient.double(), shape.double()
    counted = (gradient != 0) & shape.isfinite()
    there = counted.any(1)
    gradient = torch.where(counted, gradient, torch.zeros_like(gradient))[there]
    shape = torch.where(counted, shape, torch.zeros_like(shape))[there]
    weights = (gradient * shape).sum(1) / shape.square().sum(1)
    off = (gradient - weights.unsqueeze(1) * shape).norm(dim=1)
    return weights, bool((off <= TOLERANCE * gradient.norm(dim=1)).all())
