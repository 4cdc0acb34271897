"""ELBO and importance-weighted likelihood, estimated from the same samples.

Burda et al. 2016, arXiv 1509.00519, eq. 8.

    w_k = p(x, z_k) / q(z_k|x),  z_k ~ q(z|x):    elbo = E[log w],    nll = -log 1/K sum_k w_k

The expectation of nll is an upper bound of -log p(x) that falls to it as K grows, the slower the larger
the KL. How far it still is from there shows in how much it fell when the samples were doubled from K / 2:
by as much again if the distance goes as 1 / K (Nowozin 2018, ICLR, section 3), by some times as much
where few of the samples carry the weight. The sampled mean of log w would use the same samples twice;
elbo has the exact KL in its place, and the standard error says how far the two may lie apart.
"""

import math
from functools import lru_cache
from typing import Any, NamedTuple

import torch
from torch import Tensor

from uncollapse.data.part import Part, to_tensor
from uncollapse.measures import ColumnValues, Measure, Trained
from uncollapse.seeds import torch_generator
from uncollapse.vae import VAE, Gaussian, encode_part, evaluating, log_prior

# Each doubling of the samples lets nll fall by up to 3/4 of the fall before: 3/4 + 9/16 + ... = 3.
FALLS = 3.0
FIRST_SAMPLES = 8  # They are doubled later.
COLUMNS = {
    "nll": Measure("nll", "nats", better=-1, limit="nll_limit"),
    "nll_limit": Measure(
        "nll", "nats", better=-1, derived=lambda table: extrapolate_nll(table["nll"], table["nll_fall"])
    ),
    "elbo": Measure("elbo", "nats", better=1),
    "kl": Measure("kl", "nats"),
    "nll_fall": Measure("fall of nll", "nats", compared=False),
}


def extrapolate_nll(nll: Any, fall: Any) -> Any:
    """Return the value at which nll may end with ever more samples."""
    return nll - FALLS * fall


class Means(NamedTuple):
    """Means over the examples, in nats.

    elbo = -reconstruction - kl, with the exact kl and K `samples` for reconstruction. nll_fall is nll with K
    / 2 samples, the mean of both halves, minus nll; it is not a number for K = 1.
    """

    elbo: float
    reconstruction: float
    kl: float
    nll: float
    nll_fall: float
    elbo_standard_error: float
    samples: int


class Estimates(NamedTuple):
    """Estimates for every example, (N,), from samples z_k of q(z|x).

    They are the log of the mean of w_k, the mean of log p(x|z), and the mean of log p(z) - log q(z|x).
    """

    evidence: Tensor
    fit: Tensor
    minus_kl: Tensor

    def merged(self, other: "Estimates") -> "Estimates":
        """Return the estimates from all samples, given the estimates from as many others."""
        evidence = torch.logaddexp(self.evidence, other.evidence) - math.log(2)
        return Estimates(evidence, (self.fit + other.fit) / 2, (self.minus_kl + other.minus_kl) / 2)


class Likelihoods(NamedTuple):
    """Exact KL and estimates of every example (N,), in nats, from K `samples`.

    `fall` is by how much the evidence rose with the second half of the samples.
    """

    kl: Tensor
    estimates: Estimates
    fall: Tensor
    samples: int

    def means(self) -> Means:
        """Return the means over the examples."""
        evidence, fit = float(self.estimates.evidence.mean()), float(self.estimates.fit.mean())
        kl, fall = float(self.kl.mean()), float(self.fall.mean())
        error = float((self.estimates.minus_kl + self.kl).square().mean().sqrt()) / math.sqrt(len(self.kl))
        return Means(fit - kl, -fit, kl, -evidence, fall, error, self.samples)

    def columns(self) -> dict[str, Tensor]:
        """Return the columns of every example that are compared."""
        evidence, fit, _ = self.estimates
        nll_limit = extrapolate_nll(-evidence, self.fall)
        return {"elbo": fit - self.kl, "kl": self.kl, "nll": -evidence, "nll_limit": nll_limit}


def estimate_likelihoods(
    vae: VAE,
    part: Part,
    *,
    most: int,
    noise: torch.Generator,
    tolerance: float = 0.0,
    q: Gaussian | None = None,
    rows: int = 128,
) -> Likelihoods:
    """Measure every example of a part, with samples that are doubled until nll hardly falls.

    They are doubled until nll fell by less than `tolerance` (nats), and while they are `most` at most. `q` is
    q(z|x) of the part, if it is known. The decoder is called with `rows` pairs (x, z_k) at a time, whose
    output fits a cache.
    """
    q = encode_part(vae, part) if q is None else q
    samples, fall = max(1, min(FIRST_SAMPLES, most // 2)), torch.full((len(part),), math.nan)
    found = draw_estimates(vae, part, q, samples, noise, rows)
    while 2 * samples <= most and not float(fall.mean()) < tolerance:
        others = draw_estimates(vae, part, q, samples, noise, rows)
        halves = (found.evidence + others.evidence) / 2
        found, samples = found.merged(others), 2 * samples
        fall = found.evidence - halves
    return Likelihoods(q.kl().sum(1).double(), found, fall, samples)


def draw_estimates(
    vae: VAE, part: Part, q: Gaussian, samples: int, noise: torch.Generator, rows: int
) -> Estimates:
    """Return the estimates from `samples` new samples for each example."""
    device, size = next(vae.parameters()).device, max(1, rows // samples)
    columns: list[Tensor] = []
    with evaluating(vae):
        for start in range(0, len(part), size):
            x = to_tensor(part.x[start : start + size], device)
            own = Gaussian(*(each[start : start + size].to(device) for each in q))
            z = own.sample(torch.randn(samples, *own.mu.shape, generator=noise, device=device))
            pairs = zip(
                x.repeat(samples, *[1] * (x.ndim - 1)).split(rows), z.flatten(0, 1).split(rows), strict=True
            )
            fit = torch.cat([vae.log_likelihood(*pair) for pair in pairs]).view(samples, -1)
            minus_kl = log_prior(z) - own.log_prob(z)
            means = [log_mean_exp(fit + minus_kl, 0), fit.mean(0), minus_kl.mean(0)]
            columns.append(torch.stack(means).double().cpu())
    return Estimates(*torch.cat(columns, 1))


def log_mean_exp(values: Tensor, dim: int) -> Tensor:
    """Return the log of the mean of exp, along `dim`."""
    return values.logsumexp(dim) - values.new_tensor(values.shape[dim]).log()


@lru_cache(maxsize=1)  # Two tables ask for the same run.
def measure_likelihoods(run: Trained) -> Likelihoods:
    """Return the likelihoods of the test set."""
    noise = torch_generator(run.seed, "measure test", device=next(run.vae.parameters()).device)
    limits = {name: run.settings[name] for name in ("most", "tolerance")}
    return estimate_likelihoods(run.vae, run.parts["test"], q=run.q["test"], noise=noise, **limits)


def measure(run: Trained) -> ColumnValues:
    """Return elbo, reconstruction, kl, nll, nll_fall, elbo_standard_error and samples of the test set."""
    return measure_likelihoods(run).means()._asdict()
