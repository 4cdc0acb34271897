"""Latents with channels at steps or places, such as (N, T, C) of sequences and (N, C, H, W) of maps.

One axis is that of the channels; the other axes behind the examples are steps or places. Some may be padding,
which counts nowhere: it is left out of every mean and threshold, and has the prior where information is
measured.
"""

import operator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from uncollapse.your_vae.handed_over.batches import is_list_of_arrays
from uncollapse.your_vae.handed_over.real_arrays import take_first_line, to_numpy


@dataclass(frozen=True)
class Layout:
    """The axis of the channels among all axes of the latents, and which places exist, (N, P)."""

    axis: int
    channels: int
    places: tuple[int, ...]
    exists: Tensor


def read_layout(axis: Any, mask: Any, whole: tuple[int, ...]) -> Layout:
    """Return the layout of latents of the shape `whole`, (N, ...).

    Without an `axis` it is the one that `mask` lacks. Raises ValueError with one line.
    """
    values = None if mask is None else read_mask(mask)
    if axis is None and values is not None:
        axis = find_axis(tuple(values.shape), whole)
    position = check_axis(axis, whole)
    places = tuple(size for place, size in enumerate(whole) if place not in (0, position))
    if values is None:
        exists = torch.ones(whole[0], *places, dtype=torch.bool)
    else:
        exists = fit_mask(values, position, whole, places)
    exists = exists.reshape(whole[0], -1)
    empty = int((~exists.any(1)).sum())
    if empty:
        raise ValueError(
            f"mask: {empty} of {whole[0]} examples have no step, which mask marks with True; leave them out"
        )
    return Layout(position, whole[position], places, exists)


def read_mask(mask: Any) -> Tensor:
    """Return a mask as booleans. Raises ValueError if it is anything else than True and False, or 1 and 0."""
    if is_list_of_arrays(mask) and all(len(part.shape) > 1 for part in mask):
        parts = [read_mask(part) for part in mask]
        if len({part.shape[1:] for part in parts}) > 1:
            raise ValueError("mask: the batches should have the same number of steps; pad them")
        return torch.cat(parts)
    try:
        values = to_numpy(mask)
    except Exception as error:  # Every library has errors of its own.
        raise ValueError(f"mask: cannot be read as an array: {take_first_line(error)}") from None
    if values.dtype.kind not in "biuf" or not np.isin(values, (0, 1)).all():
        raise ValueError("mask: should be True where a step exists and False where it is padding")
    return torch.from_numpy(values.astype(bool))


def find_axis(mask: tuple[int, ...], whole: tuple[int, ...]) -> int:
    """Return the axis of the latents that a mask lacks. Raises ValueError if that is not clear."""
    fitting = [
        axis for axis in range(1, len(whole)) if mask in (leave_out(axis, whole), flatten_axis(axis, whole))
    ]
    if len(fitting) != 1:
        raise ValueError(
            f"axis: should say which axis of the latents {whole} is the channels', beside a mask {mask}"
        )
    return fitting[0]


def leave_out(axis: int, whole: tuple[int, ...]) -> tuple[int, ...]:
    """Return a shape without an axis."""
    return whole[:axis] + whole[axis + 1 :]


def flatten_axis(axis: int, whole: tuple[int, ...]) -> tuple[int, ...]:
    """Return a shape in which an axis has the size 1."""
    return (*whole[:axis], 1, *whole[axis + 1 :])


def check_axis(axis: Any, whole: tuple[int, ...]) -> int:
    """Return a positive axis. Raises ValueError if it is none of the latents' axes."""
    try:
        position = operator.index(axis)
    except TypeError:
        raise ValueError(f"axis: should be a whole number, not {axis!r:.40}") from None
    position = position + len(whole) if position < 0 else position
    if isinstance(axis, bool) or not 0 < position < len(whole):
        last = len(whole) - 1
        raise ValueError(f"axis: should be that of the channels in latents {whole}, 1 to {last}, not {axis}")
    return position


def fit_mask(values: Tensor, axis: int, whole: tuple[int, ...], places: tuple[int, ...]) -> Tensor:
    """Return a mask for all places, (N, ...). Raises ValueError if its shape does not fit."""
    if values.ndim == len(whole) and values.shape[axis] in (1, whole[axis]):
        first = values.movedim(axis, 0)
        if not bool((first == first[:1]).all()):
            raise ValueError("mask: should be the same for all channels of a step")
        values = first[0]
    shape = (whole[0], *places)
    try:
        return values.expand(shape)
    except RuntimeError:
        found = tuple(values.shape)
        raise ValueError(f"mask: should have the shape {shape} beside latents {whole}, not {found}") from None


def sort_columns(values: Tensor, shape: tuple[int, ...], layout: Layout) -> Tensor:
    """Return numbers (N, D) of latents of some shape by channel and place, (N, C, P)."""
    if len(shape) == 1:
        return values.unsqueeze(2)
    return values.unflatten(1, shape).movedim(layout.axis, 1).flatten(2)


def find_thresholds_where(kl: Tensor, exists: Tensor, delta: float) -> Tensor:
    """Return the collapse threshold of each column (D,) over the examples that have it, for KL (N, D)."""
    ordered = torch.where(exists, kl, torch.inf).sort(dim=0).values
    counts = exists.sum(0)
    positions = ((1 - delta) * counts - 1e-9).ceil().long().clamp(min=1) - 1
    return ordered.gather(0, positions.unsqueeze(0)).squeeze(0)
