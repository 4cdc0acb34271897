"""What categorical variables tell about x, without the bias of few examples.

For a variable with probabilities p_n of example n, and their mean p, the mutual information is

    I(x; z) = H(p) - mean_n H(p_n),

and the mean KL to a prior r is I(x; z) + KL(p || r). H(p) of a sample is too small; the jackknife over the
examples takes the bias away, see `your_vae.discrete.entropy_estimates`.
"""

import math
from typing import NamedTuple

import torch
from scipy.special import chdtri, stdtrit
from torch import Tensor

from uncollapse.seeds import torch_generator

DEAD_MASS = 0.1  # A category is dead below this share of what the prior gives it.
UNBIASED = 0.2  # In nats: where the jackknife corrects more, it may not correct enough.
MOST_DRAWN, MOST_PRODUCTS = 2000, 2e10  # Of the joint information, whose time they bound.
MOST_AT_ONCE = 2**22  # At once.
SMALLEST = 1e-300  # Its logarithm is finite.


class JackknifeEstimate(NamedTuple):
    """Estimates (M,) of M variables, their pseudo-values (N, M), and what the jackknife added to them."""

    value: Tensor
    pseudo_values: Tensor
    correction: Tensor

    def half_interval(self, pseudo_values: Tensor | None = None) -> Tensor:
        """Return half of the interval of 95 % of the estimates, or of the mean of other pseudo-values."""
        pseudo_values = self.pseudo_values if pseudo_values is None else pseudo_values
        count = len(pseudo_values)
        return float(stdtrit(count - 1, 0.975)) * (pseudo_values.var(0) / count).sqrt()


def entropy_of(probabilities: Tensor) -> Tensor:
    """Return the entropies of probabilities (..., K) in nats."""
    return torch.special.entr(probabilities).sum(-1)


def estimate_marginal_entropies(probabilities: Tensor) -> JackknifeEstimate:
    """Estimate the entropies of the mean of `probabilities` (N, M, K) over the examples."""
    count = len(probabilities)
    mean = probabilities.mean(0)
    plain = entropy_of(mean)
    without = torch.stack(
        [entropy_of((count * mean - one).clamp(min=0) / (count - 1)) for one in probabilities]
    )
    pseudo_values = count * plain - (count - 1) * without
    return JackknifeEstimate(pseudo_values.mean(0), pseudo_values, pseudo_values.mean(0) - plain)


def estimate_information(
    entropies: JackknifeEstimate, kl: Tensor, own: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Return I(x; z_m) of each variable in nats, and the ends of its interval of 95 %, (M,) each.

    `kl` and `own` (N, M) are the KL to the prior and the entropy of each q(z_m|x). The information is never
    above the mean KL, which has no bias, so where the jackknife corrects much that is the upper end.
    """
    pseudo_values = entropies.pseudo_values - own
    estimate, half = pseudo_values.mean(0), entropies.half_interval(pseudo_values)
    half = half + entropies.correction.abs()  # Where p is uniform the first-order spread is 0.
    bound = kl.mean(0) + entropies.half_interval(kl)
    high = torch.where(entropies.correction > UNBIASED, bound, estimate + half)
    return estimate.clamp(min=0), (estimate - half).clamp(min=0), high.clamp(min=0)


def estimate_joint_information(probabilities: Tensor) -> tuple[float, float]:
    """Return a lower bound of I(x; z) of all variables together in nats, and its standard error.

    It is the mean of log q(z|x) - log q(z) with one z of each example, where q(z) is the mean of q(z|x) over
    the examples, the own one included: in expectation that is never too large, and at most ln N. What each
    variable tells alone is known without a draw, so where they share little, only that is drawn.
    """
    whole, variables, categories = probabilities.shape
    count = min(whole, MOST_DRAWN, max(2, int((MOST_PRODUCTS / variables / categories) ** 0.5)))
    generator = torch_generator(0, "joint information of categories")
    chosen = probabilities[torch.randperm(whole, generator=generator)[:count]]
    logs = chosen.clamp(min=SMALLEST).log()
    flat = chosen.reshape(-1, categories)
    z = torch.nn.functional.one_hot(torch.multinomial(flat, 1, generator=generator)[:, 0], categories)
    z = z.view(count, -1).double()
    log_q = z @ logs.view(count, -1).T  # Of the z of the row, under q of the column.
    log_mixture = log_q.logsumexp(1) - math.log(count)
    log_mean = chosen.mean(0).clamp(min=SMALLEST).log()
    drawn = log_q.diagonal() - log_mixture
    of_each = (chosen * (logs - log_mean)).sum((1, 2)) - (log_mixture - z @ log_mean.flatten())
    gains = min(drawn, of_each, key=lambda one: float(one.std()))  # Both have the same mean.
    weights = (log_q - log_mixture[:, None]).exp().mean(0)  # How much each example counts in q(z).
    error = float((gains - weights).std()) / count**0.5
    return min(float(gains.mean()), math.log(count)), error


def count_dead(p: Tensor, prior: Tensor) -> int | None:
    """Count the categories that are hardly used, None if the examples (N, M, K) are too few to tell."""
    upper = p.mean(0) + 2 * p.std(0) / len(p) ** 0.5
    dead = upper < DEAD_MASS * prior
    # No more than this share of new examples has a category that none of these has, in 97.5 % of cases.
    unseen = float(chdtri(2, 0.025)) / 2 / len(p)
    masses = (prior * dead).sum(1)[dead.any(1)]
    return None if bool((unseen > DEAD_MASS * masses).any()) else int(dead.sum())
