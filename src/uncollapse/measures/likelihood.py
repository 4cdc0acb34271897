"""ELBO and importance-weighted likelihood from the same samples (Burda et al. 2016, arXiv 1509.00519, eq. 8).

    w_k = p(x, z_k) / q(z_k|x),  z_k ~ q(z|x):    elbo = E[log w],    nll = -log 1/K sum_k w_k

The expectation of nll is an upper bound of -log p(x), that falls to it as K grows, the slower the larger
the KL. How far it still is from there shows in how much it fell when the samples were doubled from K / 2:
by as much again if the distance goes as 1 / K (Nowozin 2018, ICLR, section 3), by some times as much
where few of the samples carry the weight. The sampled mean of log w would use the same samples twice;
elbo has the exact KL in its place, and the standard error says how far the two may lie apart.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from uncollapse.data.prepared import Part, to_tensor
from uncollapse.measures import Measure, Row, Trained
from uncollapse.seeds import torch_generator
from uncollapse.vae import VAE, evaluating, log_prior

# Each doubling of the samples lets nll fall by up to 3/4 of what the one before did: 3/4 + 9/16 + ... = 3.
FALLS = 3.0
COLUMNS = {
    "nll": Measure("nll", "nats", better=-1, limit="nll_limit"),
    # where nll may end with ever more samples
    "nll_limit": Measure(
        "nll", "nats", better=-1, derived=lambda table: table["nll"] - FALLS * table["nll_fall"]
    ),
    "elbo": Measure("elbo", "nats", better=1),
    "kl": Measure("kl", "nats"),
    "nll_fall": Measure("fall of nll", "nats", compared=False),
}


class Likelihoods(NamedTuple):
    """Means over the examples, in nats. elbo = -reconstruction - kl, with the exact kl and K samples for
    reconstruction. nll_fall is nll with K / 2 samples, the mean of both halves, minus nll; not a number
    for K = 1."""

    elbo: float
    reconstruction: float
    kl: float
    nll: float
    nll_fall: float
    elbo_standard_error: float


def likelihoods(
    vae: VAE, part: Part, *, samples: int, noise: torch.Generator, rows: int = 128
) -> Likelihoods:
    """Measure every example of a part with K = `samples`; the decoder is called with about `rows` pairs
    (x, z_k) at a time."""
    device, size = next(vae.parameters()).device, max(1, rows // samples)
    totals, sampled_minus_exact = torch.zeros(4, dtype=torch.float64), []
    with evaluating(vae):
        for start in range(0, len(part), size):
            x = to_tensor(part.x[start : start + size], device)
            q = vae.encode(x)
            z = q.sample(torch.randn(samples, *q.mu.shape, generator=noise, device=device))
            flat = x.repeat(samples, *[1] * (x.ndim - 1))
            fit = vae.log_likelihood(flat, z.flatten(0, 1)).view(samples, -1)
            weights = fit + log_prior(z) - q.log_prob(z)
            whole, half = log_mean_exp(weights, 0), samples // 2
            halves = (log_mean_exp(weights[:half], 0) + log_mean_exp(weights[half : 2 * half], 0)) / 2
            totals += (
                torch.stack([-fit.mean(0).sum(), q.kl().sum(), -whole.sum(), (whole - halves).sum()])
                .double()
                .cpu()
            )
            sampled_minus_exact.append((log_prior(z) - q.log_prob(z)).mean(0) + q.kl().sum(1))
    reconstruction, kl, nll, fall = (totals / len(part)).tolist()
    error = float(torch.cat(sampled_minus_exact).square().mean().sqrt()) / math.sqrt(len(part))
    return Likelihoods(
        -reconstruction - kl, reconstruction, kl, nll, fall if samples > 1 else math.nan, error
    )


def log_mean_exp(values: Tensor, dim: int) -> Tensor:
    """log of the mean of exp, along `dim`."""
    return values.logsumexp(dim) - values.new_tensor(values.shape[dim]).log()


def measure(run: Trained) -> Row:
    """elbo, reconstruction, kl, nll, nll_fall and elbo_standard_error of the test set."""
    noise = torch_generator(run.seed, "measure test", device=next(run.vae.parameters()).device)
    return likelihoods(run.vae, run.parts["test"], samples=run.settings["samples"], noise=noise)._asdict()
