"""Does the decoder read z? It is asked through its own loss, with z of other examples and of the prior."""

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from scipy.special import stdtrit
from torch import Tensor

from uncollapse.measures.reads import LostNats, average_chained, average_lost, find_partners
from uncollapse.seeds import torch_generator
from uncollapse.your_vae.decoder.decoder_use import Reads
from uncollapse.your_vae.decoder.loss_batches import describe_kind, make_tuple, pair_examples, take_examples
from uncollapse.your_vae.decoder.prior_draws import (
    draw_prior,
    draw_standard,
    explain_no_standard_prior,
    holds_booleans,
)
from uncollapse.your_vae.handed_over.real_arrays import read_numbers, take_first_line

CONFIDENCE = 0.95
CHANGE_BY_ROUNDING = 1e-3  # This share of the largest loss may change with the size of a batch.
LEAST_CHANGE = 0.01  # nats
NegativeLogLikelihood = Callable[[Any, Any], Any]  # It gives -log p(x|z) of each example in nats, (B,).


def reads(
    nll: NegativeLogLikelihood, x: Any, z: Any, *, prior: Any = None, size: int = 500, seed: int = 0
) -> Reads:
    """Find out how many nats are lost when the decoder gets a wrong z instead of its own.

    `nll(x, z)` returns -log p(x|z) of each example in nats, summed over pixels or tokens, (B,). It is called
    with `size` examples at most, under `torch.no_grad`, three times for each example. x (N, ...) is what it
    takes: an array or tensor of any library, a list of examples, or a tuple or dict of these, such as an
    image and its condition. z (N, ...) holds samples of q(z|x), real numbers or whole ones (codes); a tuple
    or dict of them are levels. A list of batches is joined.

    Each example is compared with itself: once with the z of another example, in a random order in which
    nobody keeps its own z, and once with a z of the prior. That is N(0, I), unless z holds codes, levels or
    vectors that cannot come from it, or `prior` says otherwise: a distribution, samples (N, ...), a mean and
    log-variance, a function that returns n samples, one of these for each level, or False for none. For the
    arithmetic, the standard errors and the literature see `uncollapse.measures.reads`; the intervals are
    Student's. Take 500 examples or more, held out, and put the model in evaluation mode.

    Raises ValueError with one line that names the argument: where nll gives a mean, one value per token,
    NaN or infinity, or other values when it is called again; and where x, z and prior do not fit together.
    """
    check_call(nll, size, seed)
    x, z, count = pair_examples(x, z)
    if count < 2:
        raise ValueError(f"z: should have two examples or more, not {count}")
    z = read_latents("z", z)
    drawn, missing = None, None
    if prior is None:
        missing = explain_no_standard_prior(z)
        drawn = None if missing else draw_standard(z, seed)
    elif prior is not False:
        drawn = draw_prior(prior, z, seed)
    order, partners = find_partners(count, torch_generator(seed, "z of another example"))
    score = LossOfExamples(nll, x, count, size)
    own = score(z, "")
    score.check_repeats(z, own)
    other = average_chained(score(take_examples(z, partners), " with the z of another example") - own, order)
    other_low, other_high = find_interval(other, count)
    result = Reads(count, float(own.mean()), other.nats, other_low, other_high, prior_missing=missing)
    if drawn is None:
        return result
    lost = average_lost(score(drawn, " with a z of the prior") - own)
    low, high = find_interval(lost, count)
    known = (result.n, result.own, result.other, other_low, other_high)
    return Reads(*known, prior=lost.nats, prior_low=low, prior_high=high)


def find_interval(lost: LostNats, count: int) -> tuple[float, float]:
    """Return the ends of Student's interval of a mean over `count` examples."""
    reach = float(stdtrit(count - 1, (1 + CONFIDENCE) / 2)) * lost.standard_error
    return lost.nats - reach, lost.nats + reach


class LossOfExamples:
    """The loss of every example of x, computed in batches of nearly equal size."""

    def __init__(self, nll: NegativeLogLikelihood, x: Any, count: int, size: int) -> None:
        self.nll, self.x, self.count = nll, x, count
        ends = np.linspace(0, count, -(-count // size) + 1).round().astype(int).tolist()
        self.batches = [slice(start, stop) for start, stop in pairwise(ends)]

    def __call__(self, z: Any, with_what: str) -> Tensor:
        """Return -log p(x|z) of each example with its row of z, (N,). Raises ValueError for other values."""
        return torch.cat([self.score(z, batch, with_what) for batch in self.batches])

    def score(self, z: Any, batch: slice, with_what: str) -> Tensor:
        """Return the losses of one batch, (B,), as doubles on the CPU."""
        count = batch.stop - batch.start
        try:
            found = self.call(z, batch)
        except Exception as error:  # Only the loss itself can say what it needs.
            if count < self.count and self.works_for_all(z):
                raise ValueError(
                    f"nll: works for all {self.count} examples, but fails for {count} of them "
                    f"({take_first_line(error)}); what belongs to an example, such as a condition or a mask, "
                    "should come in x: reads(nll, (x, condition), z)"
                ) from None
            raise
        return read_losses(found, count, with_what)

    def call(self, z: Any, batch: slice) -> Any:
        """Return what the loss gives for one batch."""
        with torch.no_grad():
            return self.nll(take_examples(self.x, batch), take_examples(z, batch))

    def works_for_all(self, z: Any) -> bool:
        """Return whether the loss can be computed for all examples at once."""
        try:
            return self.call(z, slice(0, self.count)) is not None
        except Exception:  # It may fail for any reason, and the first error is the one to tell.
            return False

    def check_repeats(self, z: Any, own: Tensor) -> None:
        """Raise ValueError if half of the first batch has other losses when it is scored alone."""
        batch = self.batches[0]
        half = slice(0, max(1, batch.stop // 2))
        change = compare_losses(self.score(z, half, ""), own[half])
        if not change:
            return
        if compare_losses(self.score(z, batch, ""), own[batch]):
            raise ValueError(
                "nll: gives other values when it is called again with the same x and z, by up to "
                f"{change:.3g} nats; put the model in eval(), and let nll draw nothing at random"
            )
        raise ValueError(
            "nll: the value of an example changes with the other examples of its batch, by up to "
            f"{change:.3g} nats; take no mean over the batch, and put the model in eval()"
        )


def compare_losses(one: Tensor, other: Tensor) -> float:
    """Return the largest difference of losses (B,), or 0 if it may come from rounding."""
    change = float((one - other).abs().max())
    return change if change > LEAST_CHANGE + CHANGE_BY_ROUNDING * float(other.abs().max()) else 0.0


def read_losses(found: Any, count: int, with_what: str) -> Tensor:
    """Return what nll gave for `count` examples as doubles (B,). Raises ValueError with one line."""
    if found is None or isinstance(found, tuple | Mapping):
        raise ValueError(
            f"nll: should return -log p(x|z) of each example, ({count},), not {describe_kind(found)}"
        )
    values = torch.from_numpy(read_numbers("nll", found))
    if values.numel() == 1 and count > 1:
        raise ValueError(
            f"nll: should return one value for each of the {count} examples, not a single number: "
            "take no sum or mean over the batch"
        )
    if values.numel() != count or (values.ndim > 1 and max(values.shape) != count):
        hint = ": take the sum over the other axes" if values.ndim > 1 and values.shape[0] == count else ""
        raise ValueError(f"nll: should return values of shape ({count},), not {tuple(values.shape)}{hint}")
    bad = int((~values.isfinite()).sum())
    if bad:
        raise ValueError(f"nll: {bad} of {count} values are NaN or infinite{with_what}")
    return values.flatten()


def read_latents(name: str, z: Any) -> Any:
    """Return z with arrays of torch, NumPy or a library like it. Raises ValueError for other than numbers."""
    if isinstance(z, dict):
        return {key: read_latents(f"{name}[{key!r}]", level) for key, level in z.items()}
    if isinstance(z, tuple):
        return make_tuple(z, [read_latents(f"{name}[{i}]", level) for i, level in enumerate(z)])
    if not hasattr(z, "shape"):
        raise ValueError(f"{name}: should be an array of numbers (examples, ...), not {describe_kind(z)}")
    if not isinstance(z, torch.Tensor) and not hasattr(z, "__array_namespace__"):
        z = z.toarray() if hasattr(z, "toarray") else np.asarray(z)
    elif isinstance(z, torch.Tensor) and z.layout != torch.strided:
        z = z.to_dense()
    if not holds_booleans(z):
        values = read_numbers(name, z)
        bad = int((~np.isfinite(values)).sum())
        if bad:
            raise ValueError(f"{name}: has {bad} values that are NaN or infinite")
    if 0 in z.shape:
        raise ValueError(f"{name}: has no values: its shape is {tuple(z.shape)}")
    return z


def check_call(nll: Any, size: Any, seed: Any) -> None:
    """Raise ValueError unless nll is a function, and size and seed are whole numbers."""
    if not callable(nll):
        raise ValueError(
            f"nll: should be a function nll(x, z) that returns -log p(x|z), not {describe_kind(nll)}"
        )
    if isinstance(size, bool) or not isinstance(size, int) or size < 1:
        raise ValueError(f"size: should be a whole number of examples, 1 or more, not {size!r}")
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise ValueError(f"seed: should be a whole number, not {seed!r}")
