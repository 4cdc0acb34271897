"""The encodings of some data: q(z|x) of every example, and how they were handed over."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from uncollapse.vae import Gaussian
from uncollapse.your_vae.handed_over.batches import describe_mixed_shapes
from uncollapse.your_vae.handed_over.sampled_means import doubt_sampled_means

NO_LOGVAR = "in doubt: no logvar is negative; for variances or standard deviations pass var= or std="

BEHIND_RELU = 0.05  # A relu sets as large a share of all values to 0, or a larger one.


@dataclass(frozen=True)
class Encodings:
    """The posteriors of N examples as they were handed over: means and log-variances (N, D) in doubles.

    `shape` is the shape of one example's latents, such as (channels, height, width), and `kind` is what came
    with the means, such as "logvar" or "std". A full covariance is `tril` @ `tril`.T of each example, with
    lower triangles (N, D, D); `logvar` then has the logarithms of its diagonal.
    """

    mu: Tensor
    logvar: Tensor
    shape: tuple[int, ...]
    kind: str
    tril: Tensor | None = None

    def __len__(self) -> int:
        """Return the number of examples."""
        return len(self.mu)

    @property
    def q(self) -> Gaussian:
        """The posteriors of single dimensions, as the measures take them."""
        return Gaussian(self.mu, self.logvar)

    @property
    def shaped(self) -> Tensor:
        """The means in the shape in which they were handed over, (N, ...)."""
        return self.mu.unflatten(1, self.shape)


def join_encodings(parts: Sequence[Encodings]) -> Encodings:
    """Return the encodings of all batches. Raises ValueError if their latents differ in shape."""
    first = parts[0]
    for part in parts:
        if part.shape != first.shape:
            shapes = (len(first), *first.shape), (len(part), *part.shape)
            raise ValueError(describe_mixed_shapes("mu", *shapes))
    kinds = {part.kind for part in parts}
    return Encodings(
        torch.cat([part.mu for part in parts]),
        torch.cat([part.logvar for part in parts]),
        first.shape,
        first.kind if len(kinds) == 1 else "spread",
        join_triangles(parts),
    )


def join_triangles(parts: Sequence[Encodings]) -> Tensor | None:
    """Return the triangles of all examples, or None where no part has any."""
    if all(part.tril is None for part in parts):
        return None
    return torch.cat([fill_triangle(part.logvar, part.tril) for part in parts])


def fill_triangle(logvar: Tensor, tril: Tensor | None) -> Tensor:
    """Return the triangles (N, D, D) of full covariances, also of diagonal ones that have only `logvar`."""
    return (0.5 * logvar).exp().diag_embed() if tril is None else tril


def are_directions(mu: Tensor) -> bool:
    """Return whether means (N, D) all have length 1, as those of a von Mises-Fisher distribution do."""
    return min(mu.shape) > 1 and float((mu.square().sum(1) - 1).abs().max()) < 1e-3


def find_doubt(encodings: Encodings, prior: Any = None) -> str | None:
    """Return what looks wrong about encodings, or None; their prior is N(0, I) if `prior` is None.

    More dimensions than examples are usual for maps such as (channels, height, width), but not for vectors.
    """
    count, latents = encodings.mu.shape
    if are_directions(encodings.mu):
        return (
            "in doubt: every mean has length 1, as the directions of a von Mises-Fisher distribution have, "
            "which is not a Gaussian; uncollapse.reads(nll, x, z) takes any distribution"
        )
    if encodings.kind == "logvar" and (wrong := doubt_logvar(encodings.mu, encodings.logvar)):
        return wrong
    if len(encodings.shape) == 1 and latents > count:
        return (
            f"in doubt: more dimensions ({latents}) than examples ({count}); if the arrays are (dimensions, "
            "examples), transpose them, else hand over more examples"
        )
    return doubt_sampled_means(encodings.mu, encodings.logvar) if prior is None else None


def doubt_logvar(mu: Tensor, logvar: Tensor) -> str | None:
    """Return what looks wrong about log-variances (N, D) of which none is negative, or None.

    They may all be 0, for a variance that was fixed to 1, unless the means show a relu too.
    """
    least = float(logvar.min())
    if least != 0:
        return NO_LOGVAR if least > 0 else None
    zeros = float((logvar == 0).double().mean())
    if zeros == 1:
        zeros = float((mu == 0).double().mean())
        if float(mu.min()) != 0 or zeros < BEHIND_RELU or zeros == 1:
            return None
        return (
            f"in doubt: every logvar is exactly 0, no mu is below 0, and {100 * zeros:.3g} % of them are "
            "exactly 0, as behind a relu; mu and logvar need linear layers without an activation"
        )
    if zeros < BEHIND_RELU:
        return NO_LOGVAR
    return (
        f"in doubt: no logvar is below 0, and {100 * zeros:.3g} % are exactly 0, as behind a relu; logvar "
        "needs a linear layer without an activation"
    )
