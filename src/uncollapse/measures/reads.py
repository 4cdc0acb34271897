"""How many nats the decoder loses with a wrong z: whether it reads z at all.

    reads       = E[log p(x_i|z_i) - log p(x_i|z_j)],    z_i ~ q(z|x_i), and z_j of another example j
    reads_prior = E[log p(x_i|z_i) - log p(x_i|z)],      z ~ p(z)

This is permutation importance (Breiman 2001, Machine Learning 45, section 10) with z as the only feature and
log p(x|z) as the score. The KL and the mutual information are about q(z|x) alone; `reads` asks the decoder.
It needs no density of z, so it is defined for codes, flows and learned priors too.

Where q(z|x) is the exact posterior of p(x|z) and the data are those of the model, `reads` is the mutual
information I(x; z) plus KL(q(x) q(z) || q(x, z)), the lautum information (Palomar & Verdu 2008, IEEE Trans.
Inf. Theory 54). For weak dependence the two are equal, so 0.1 nats of information show as 0.2 nats lost.

The examples are put into a random order, and each gets the z of the next one, the last that of the first: so
nobody keeps its own z. Two of the paired losses share an example only if they are neighbours in that order,
and the variance of their mean is (gamma_0 + 2 gamma_1) / N with the autocovariances along it.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from uncollapse.data.part import to_tensor
from uncollapse.measures import ColumnValues, Measure, Trained
from uncollapse.seeds import torch_generator
from uncollapse.vae import evaluating

FEW = 50  # The autocovariance of fewer losses is too uncertain to be used.
ROWS_TO_DECODE = 64  # Their output fits a cache.
COLUMNS = {
    "reads": Measure("reads", "nats", words="nats lost with the z of another example", least="eps"),
    "reads_prior": Measure("nats lost with a z of the prior", "nats", compared=False),
    "reads_standard_error": Measure("standard error of reads", "nats", compared=False),
    "reads_prior_standard_error": Measure("standard error of reads_prior", "nats", compared=False),
}


class LostNats(NamedTuple):
    """The mean number of nats that an example loses, and its standard error over the examples."""

    nats: float
    standard_error: float


def find_partners(count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return a random order of the examples, and the example whose z each of them gets, (N,) each.

    The partner of an example is the next one in the order, so it is never the example itself, N > 1.
    """
    order = torch.randperm(count, generator=generator)
    partners = torch.empty_like(order)
    partners[order] = order.roll(-1)
    return order, partners


def average_lost(lost: Tensor) -> LostNats:
    """Return the mean of independent losses (N,), N > 1, in nats."""
    lost = lost.double()
    return LostNats(float(lost.mean()), float(lost.std()) / math.sqrt(len(lost)))


def average_chained(lost: Tensor, order: Tensor) -> LostNats:
    """Return the mean of losses (N,), N > 1, of which neighbours in `order` (N,) share an example.

    The variance is the larger of gamma_0 and gamma_0 + 2 gamma_1, both without bias: too large at most. FEW
    losses or less get 2 gamma_0, the largest variance that such a chain can have.
    """
    chain = lost.double()[order]
    count, rest = len(chain), chain - chain.mean()
    alone, shared = rest.square().sum(), 2 * (rest * rest.roll(-1)).sum()
    variance = float(alone) / (count - 1)
    most = 2 * variance if count <= FEW else float(alone + shared) / (count - 3)
    return LostNats(float(chain.mean()), math.sqrt(max(variance, most) / count))


def score_latents(run: Trained, z: Tensor) -> Tensor:
    """Return log p(x|z) of every test example with its row of z (N, D): (N,), in nats."""
    x, device = run.parts["test"].x, next(run.vae.parameters()).device
    score: Callable[[Tensor, Tensor], Tensor] = run.vae.log_likelihood
    with evaluating(run.vae):
        return torch.cat(
            [
                score(to_tensor(x[start : start + ROWS_TO_DECODE], device), part.to(device)).double().cpu()
                for start, part in zip(range(0, len(z), ROWS_TO_DECODE), z.split(ROWS_TO_DECODE), strict=True)
            ]
        )


def measure(run: Trained) -> ColumnValues:
    """Return reads and reads_prior of the test set with their standard errors, from one z of each example."""
    q, generator = run.q["test"], torch_generator(run.seed, "measure reads")
    order, partners = find_partners(len(q.mu), generator)
    noise, prior = torch.randn(2, *q.mu.shape, generator=generator)
    z = q.sample(noise)
    own = score_latents(run, z)
    other = average_chained(own - score_latents(run, z[partners]), order)
    drawn = average_lost(own - score_latents(run, prior))
    return {
        "reads": other.nats,
        "reads_standard_error": other.standard_error,
        "reads_prior": drawn.nats,
        "reads_prior_standard_error": drawn.standard_error,
    }
