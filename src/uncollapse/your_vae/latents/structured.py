"""Latents that are more than a vector: channels at steps or places, and the levels of a hierarchy."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from uncollapse.vae import Gaussian
from uncollapse.your_vae.handed_over.batches import is_array
from uncollapse.your_vae.handed_over.encodings import fill_triangle, find_doubt
from uncollapse.your_vae.handed_over.posterior_inputs import read_posterior
from uncollapse.your_vae.handed_over.real_arrays import read_numbers
from uncollapse.your_vae.latents.latent_verdict import COLLAPSE_EPS
from uncollapse.your_vae.latents.latents import Latents, compare_to_prior
from uncollapse.your_vae.latents.layout import read_layout, sort_columns
from uncollapse.your_vae.latents.prior import DENSITY

INVERTED = (
    "in doubt: the entries that mask leaves out have a KL, and those that it keeps have none; mask should be "
    "True where a step exists"
)


def arrange_latents(
    latents: Latents, shape: tuple[int, ...], axis: Any, mask: Any
) -> tuple[Latents, str | None]:
    """Return latents whose columns stand by channel and place, and what looks wrong about the mask.

    `shape` is that of one example. Padding has the posterior N(0, I) and a KL of 0; places that no example
    has are left out. Raises ValueError with one line.
    """
    if latents.tril is not None:
        raise ValueError("axis: cannot be told for a full covariance; hand over its mean and variance")
    if mask is not None and not latents.gaussian:
        raise ValueError("mask: needs a Gaussian prior, because a density says nothing of single steps")
    layout = read_layout(axis, mask, (len(latents.kl), *shape))
    kept = layout.exists.any(0)
    exists = layout.exists[:, kept].unsqueeze(1)
    sorted_kl = sort_columns(latents.kl, shape, layout)

    def arrange(values: Tensor) -> Tensor:
        return (sort_columns(values, shape, layout)[:, :, kept] * exists).flatten(1)

    kl = arrange(latents.kl)
    everywhere = bool(exists.all())
    places = layout.places if bool(kept.all()) else (int(kept.sum()),)
    arranged = replace(
        latents,
        q=Gaussian(arrange(latents.q.mu), arrange(latents.q.logvar)),
        kl=kl,
        kl_of_examples=latents.kl_of_examples if everywhere and bool(kept.all()) else kl.sum(1),
        exists=None if everywhere else exists.expand(-1, layout.channels, -1).flatten(1),
        layout=replace(layout, places=places, exists=exists.squeeze(1)),
    )
    left_out = ~layout.exists.unsqueeze(1).expand_as(sorted_kl)
    inverted = (
        left_out.any() and sorted_kl[left_out].mean() > COLLAPSE_EPS and sorted_kl[~left_out].mean() < 0.01
    )
    return arranged, INVERTED if bool(inverted) else None


def fill_padding(values: Any, filler: float, axis: Any, mask: Any) -> Any:
    """Return an array (N, ...) whose NaN are replaced where `mask` leaves steps out, and else as it was.

    Anything that is no array of one number for each dimension is returned as it is. Raises ValueError with
    one line about the mask.
    """
    if mask is None or not is_array(values) or len(values.shape) < 2:
        return values
    numbers = torch.from_numpy(read_numbers("mu", values))
    if not bool(numbers.isnan().any()):
        return values
    layout = read_layout(axis, mask, tuple(numbers.shape))
    exists = layout.exists.view(len(numbers), *layout.places).unsqueeze(layout.axis)
    return numbers.masked_fill(numbers.isnan() & ~exists, filler)


def join_levels(levels: Any, priors: Any) -> tuple[Latents, str | None]:
    """Return the latents of all levels side by side, and what looks wrong about one of them.

    Each level is anything that `read_posterior` takes alone, and each prior anything that `read_prior` takes.
    Raises ValueError with one line that says which level is meant.
    """
    if not isinstance(levels, list | tuple) or not levels:
        raise ValueError("levels: should be a list of q(z|x), such as [(mu, logvar), (mu, logvar)]")
    if priors is None:
        priors = [None] * len(levels)
    if not isinstance(priors, list | tuple) or len(priors) != len(levels):
        raise ValueError(f"prior: should be a list of {len(levels)}, one for each level; None is N(0, I)")
    found, doubt = [], None
    for number, (level, prior) in enumerate(zip(levels, priors, strict=True), start=1):
        try:
            encodings = read_posterior(level)
            found.append(compare_to_prior(encodings, prior))
        except ValueError as error:
            raise type(error)(f"levels: level {number} of {len(levels)}: {error}") from None
        wrong = find_doubt(encodings, prior)
        doubt = doubt or (wrong and wrong.replace("in doubt: ", f"in doubt: level {number}: ", 1))
        if len(found[-1].kl) != len(found[0].kl):
            counts = f"{len(found[-1].kl)} examples, and level 1 has {len(found[0].kl)}"
            raise ValueError(f"levels: level {number} has {counts}; hand over the same examples for all")
    return join_latents(found), doubt


def join_latents(parts: Sequence[Latents]) -> Latents:
    """Return latents side by side."""
    priors = [part.prior for part in parts if part.prior]
    means = torch.cat([part.q.mu for part in parts], 1)
    logvars = torch.cat([part.q.logvar for part in parts], 1)
    return Latents(
        q=Gaussian(means, logvars),
        kl=torch.cat([part.kl for part in parts], 1),
        kl_of_examples=torch.stack([part.kl_of_examples for part in parts]).sum(0),
        tril=join_blocks(parts),
        prior=DENSITY if DENSITY in priors else next(iter(priors), None),
        gaussian=all(part.gaussian for part in parts),
        shared=all(part.shared for part in parts),
        kl_of_levels=torch.stack([part.kl_of_examples for part in parts], 1),
        sizes=tuple(part.kl.shape[1] for part in parts),
    )


def join_blocks(parts: Sequence[Latents]) -> Tensor | None:
    """Return the triangles of all parts as the blocks of one, or None where no part has any."""
    if all(part.tril is None for part in parts):
        return None
    count, total = len(parts[0].kl), sum(part.kl.shape[1] for part in parts)
    whole = torch.zeros(count, total, total, dtype=torch.float64)
    start = 0
    for part in parts:
        end = start + part.kl.shape[1]
        whole[:, start:end, start:end] = fill_triangle(part.q.logvar, part.tril)
        start = end
    return whole
