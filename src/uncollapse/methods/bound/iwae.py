"""The importance-weighted bound of several samples (Burda, Grosse & Salakhutdinov 2016, arXiv 1509.00519,
eq. 8).

    log mean_k w_k  >=  mean_k log w_k,    whose expectation is the ELBO

Here the KL in that expectation is exact, and the samples say only what is gained on top; so one sample is
the ELBO to the last digit. It pulls less on q(z|x) to be alike for all x, and its q is not the one that is
best for the ELBO: compare by the nll. Training still ends, and keeps its weights, by the validation ELBO.
Every sample is decoded, which is counted as work.
"""

import math

import torch
from pydantic import PositiveInt
from torch import Tensor

from uncollapse.methods.bound import Bound


def iwae(*, samples: PositiveInt = 5) -> Bound:
    """`samples` of z an example."""

    def gain(log_weights: Tensor) -> Tensor:
        return torch.logsumexp(log_weights, 0) - math.log(samples) - log_weights.mean(0)

    return Bound(samples, gain if samples > 1 else None)
