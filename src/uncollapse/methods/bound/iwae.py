"""The importance-weighted bound of several samples is raised.

Burda, Grosse & Salakhutdinov 2016, arXiv 1509.00519, eq. 8.

    log mean_k w_k  >=  mean_k log w_k,    whose expectation is the ELBO

Here the KL in that expectation is exact, and the samples say only how much is gained on top of it. So one
sample gives the ELBO to the last digit. The bound pulls less on q(z|x) to be alike for all x, and its q is
not the one that is best for the ELBO: compare by the nll. Training still ends by the validation ELBO, and
keeps its weights by it. Every sample is decoded, which is counted as work.
"""

import math

import torch
from pydantic import PositiveInt
from torch import Tensor

from uncollapse.methods.bound import Bound


def iwae(*, samples: PositiveInt = 5) -> Bound:
    """Return the bound that takes `samples` of z for each example."""

    def gain(log_weights: Tensor) -> Tensor:
        return torch.logsumexp(log_weights, 0) - math.log(samples) - log_weights.mean(0)

    return Bound(samples, gain if samples > 1 else None)
