"""The mutual information of x and each latent dimension by itself, under q.

    I(x; z_i) = E_x E_q(z_i|x) [log q(z_i|x) - log q(z_i)],     q(z_i) = 1/N sum_j q(z_i|x_j)

This is `mutual_information` (Hoffman & Johnson 2016, "ELBO surgery") of one dimension, with all encoded
points as the mixture. A dimension tells of x if it has at least eps nats. The KL alone does not say so: a
q(z_i|x) that is the same for every x has no information, but a large KL where it is not the prior. Where the
dimensions are independent under q(z), their values add up to I(x, z); otherwise their sum may be more or
less.
"""

import math
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from uncollapse.measures import ColumnValues, Measure, Trained
from uncollapse.measures.mutual_information import log_mixture
from uncollapse.seeds import torch_generator
from uncollapse.vae import Gaussian

SAMPLES_IN_ALL = 2000  # The standard error is about 0.01 nats where the information is 0.1.
COLUMNS = {
    "informative_units": Measure("informative units", better=1, grain=1.0),
    "uninformative": Measure(
        "uninformative",
        "share",
        better=-1,
        grain="latents",
        words="dimensions without information",
        below="information",
    ),
}


class Information(NamedTuple):
    """The information of each dimension and its standard error over the points, (D,), in nats."""

    information: Tensor
    standard_error: Tensor


@torch.no_grad()
def estimate_per_dimension(q: Gaussian, noise: Tensor) -> Information:
    """Return I(x; z_i) for q (N, D), from S samples of each of the first M points, M > 1.

    The standard normal `noise` is (S, M, D).
    """
    mu, logvar = q.mu.double(), q.logvar.double()
    mu = mu - mu.mean(0)  # This changes no information, and rounding is least near 0.
    samples, count, _ = noise.shape
    values = []
    for i in range(mu.shape[1]):
        one = Gaussian(mu[:, i : i + 1], logvar[:, i : i + 1])
        first = Gaussian(one.mu[:count], one.logvar[:count])
        z = first.sample(noise[..., i : i + 1].double())
        own = first.log_prob(z)
        mixture = log_mixture(one, z.flatten(0, 1)).view(samples, count)
        # The point's own component is in the mixture.
        values.append((own - torch.maximum(mixture, own - math.log(len(mu)))).mean(0))
    table = torch.stack(values, 1)
    return Information(table.mean(0), table.std(0) / math.sqrt(count))


@lru_cache(maxsize=1)  # Two tables ask for the same run.
def measure_run_information(run: Trained) -> Tensor:
    """Return the information of each dimension on the test set, (D,), in nats."""
    count, latents = run.q["test"].mu.shape
    shape = max(1, SAMPLES_IN_ALL // count), min(count, SAMPLES_IN_ALL), latents
    noise = torch.randn(shape, generator=torch_generator(run.seed, "measure information per dimension"))
    return estimate_per_dimension(run.q["test"], noise).information


def measure(run: Trained) -> ColumnValues:
    """Return informative_units and uninformative.

    informative_units are the dimensions with at least the eps of the settings; uninformative is the share of
    the others.
    """
    informative = measure_run_information(run) >= run.settings["eps"]
    return {
        "informative_units": int(informative.sum()),
        "uninformative": float((~informative).float().mean()),
    }
