"""The diagnosis of a VQ-VAE from its codes: which of the book are in use, and how evenly.

The perplexity exp(H) of van den Oord et al. (2017, arXiv 1711.00937) is that of a batch, and grows with the
batch. Here H is estimated without that bias, see `your_vae.discrete.entropy_estimates`.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from uncollapse.your_vae.discrete.code_inputs import join_codes, read_codes, split_books
from uncollapse.your_vae.discrete.entropy_estimates import (
    MOST_MISSING,
    estimate_column_entropies,
    estimate_entropy,
)
from uncollapse.your_vae.latents.latent_verdict import COLLAPSE_EPS
from uncollapse.your_vae.listed_fields import list_fields

COLLAPSED_SHARE = 0.1  # A perplexity below this share of the book is a codebook collapse.
DEAD_SHARE = 0.1  # Unused codes are dead if each has less than this share of an even use.
MOST_BOOKS = 16  # No residual VQ in use has more levels.
DIFFERENT_BOOKS = 0.5  # In nats: what the place on the last axis tells about the code.
FEW_IN_USE = "codebook collapse"
FEWEST_EXAMPLES = 20  # With fewer, nothing is said of what differs between examples.


@dataclass(frozen=True)
class CodeDiagnosis:
    """The use of a book of `size` codes by `n` examples, which have `draws` codes together.

    `used` codes were seen. The others are `dead`, unless they may have a share of use worth naming: then
    `dead` is None, and more examples will tell. `entropy` is that of the use of the codes in nats, without
    the bias of few draws, and `perplexity` its exponential; each has an interval of 95 %, which takes the
    codes of one example for dependent. `missing` is the estimated share of codes of new examples that would
    be among the unseen. `position_entropies` has the entropy over the examples at each position, in nats, in
    the shape of the codes of one example: 0 where all examples have the same code, so that it tells nothing
    about x. `doubt` says what looks wrong about the arguments.
    """

    n: int
    draws: int
    size: int
    used: int
    dead: int | None
    entropy: float
    entropy_interval: tuple[float, float]
    perplexity: float
    perplexity_interval: tuple[float, float]
    missing: float
    position_entropies: NDArray[np.float64]
    doubt: str | None = None

    @cached_property
    def verdict(self) -> str:
        """One of "codebook collapse", "dead codes", "healthy", "collapsed" and "unknown", with numbers.

        Few codes may still tell much about x. Only where all examples have the same codes z tells nothing,
        and the VAE itself has "collapsed".
        """
        shown = f"{self.perplexity:.{1 if self.perplexity < 100 else 0}f}"
        use = f"{self.used} of {self.size} codes are in use, perplexity {shown}"
        low, high = self.perplexity_interval
        words = {self.describe_use(value) for value in (low, self.perplexity, high)}
        few = self.n < FEWEST_EXAMPLES and words != {FEW_IN_USE}
        if few or self.missing > MOST_MISSING or (len(words) > 1 and high > 2 * low):
            between = f"the perplexity lies between {low:.3g} and {high:.3g} of {self.size}"
            unseen = (
                f", and {100 * self.missing:.0f} % of the codes of new ones would not be among these"
                if self.missing > MOST_MISSING
                else ""
            )
            return f"unknown: take more examples than {self.n}: {between}{unseen}"
        still = int((self.position_entropies < COLLAPSE_EPS).sum())
        of_all = self.position_entropies.size
        if still == of_all:
            return f"collapsed: nearly every example has the same codes, so they tell nothing about x ({use})"
        more = f"; {still} of {of_all} positions have the same code in nearly every example" if still else ""
        doubt = f"; {self.doubt}" if self.doubt else ""
        return f"{self.describe_use(self.perplexity)}: {use}{more}{doubt}"

    def describe_use(self, perplexity: float) -> str:
        """Return the word for a perplexity of the codes."""
        if perplexity < max(COLLAPSED_SHARE * self.size, np.exp(COLLAPSE_EPS)):
            return FEW_IN_USE
        return "dead codes" if (self.dead or 0) > DEAD_SHARE * self.size else "healthy"

    def as_dict(self) -> dict[str, Any]:
        """Return the fields and the verdict, with arrays as lists."""
        return {**list_fields(self), "verdict": self.verdict}


def diagnose_codes(codes: Any, size: Any) -> CodeDiagnosis | list[CodeDiagnosis]:
    """Diagnose the codes of a VQ-VAE: indices (N, ...), whole numbers from 0 to `size` - 1, -1 for none.

    All positions share one book of `size` codes. If `size` is a list, there are as many books: `codes` is a
    list with the indices of each book, or an array whose last axis is that of the books (the levels of a
    residual VQ); then the result is a list as well. Batches of one book, as a list, are put together.

    Raises ValueError with one line that names the argument.
    """
    if isinstance(size, list | tuple):
        books = split_books(codes, len(size))
        return [diagnose_book(read_codes(book, one), one) for book, one in zip(books, size, strict=True)]
    return diagnose_book(read_codes(join_codes(codes), size), size)


def diagnose_book(codes: NDArray[np.int64], size: int) -> CodeDiagnosis:
    """Diagnose the codes (N, ...) of one book."""
    flat = codes.reshape(len(codes), -1)
    example, position = np.nonzero(flat >= 0)
    drawn = flat[example, position]
    example = np.unique(example, return_inverse=True)[1]  # An example without a code does not count.
    found = estimate_entropy(example, drawn, int(size))
    used = len(np.unique(drawn))
    unseen = size - used
    doubt = doubt_axis(codes, int(size), found.entropy)
    known = found.missing_at_most <= DEAD_SHARE * unseen / size
    return CodeDiagnosis(
        n=int(example.max()) + 1,
        draws=len(drawn),
        size=int(size),
        used=used,
        dead=unseen if known or not unseen else None,
        entropy=found.entropy,
        entropy_interval=(found.low, found.high),
        perplexity=float(np.exp(found.entropy)),
        perplexity_interval=(float(np.exp(found.low)), float(np.exp(found.high))),
        missing=found.missing,
        position_entropies=estimate_column_entropies(flat, int(size)).reshape(codes.shape[1:]),
        doubt=doubt,
    )


def doubt_axis(codes: NDArray[np.int64], size: int, entropy: float) -> str | None:
    """Say so if the last axis of codes (N, ...) may be that of several books, None if it is not likely."""
    books = codes.shape[-1]
    if codes.ndim < 2 or not 1 < books <= MOST_BOOKS:
        return None
    within = np.nanmean(estimate_column_entropies(codes.reshape(-1, books), size))
    if entropy - within < DIFFERENT_BOOKS:
        return None
    return f"if the last axis has the levels of a residual VQ, pass size={[size] * books}"
