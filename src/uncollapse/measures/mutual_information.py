"""Mutual information of x and z under q, with all encoded points as the mixture.

    I_q(x, z) = E_x E_q(z|x) [log q(z|x) - log q(z)],     q(z) = 1/N sum_j q(z|x_j)
              = E_x[KL(q(z|x) || p(z))] - KL(q(z) || p(z))

(Hoffman & Johnson 2016, "ELBO surgery"). KL(q(z) || p(z)) is not negative, so I_q <= kl. The point's own
component is in the mixture, so the estimate cannot go above ln N, the cap: it is ln N plus the mean log
share that the own component has in N q(z), and on average not more than the information of x and z over
the whole population. Where it is near its cap, all that is known of that is mi <= I <= mi_upper <= kl, see
`mutual_information_bound`.

Many papers take the batch as the mixture (He et al. 2019: 32 sentences, 50 images): their values cannot
exceed the logarithm of its size.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from uncollapse.measures import ColumnValues, Measure, Trained
from uncollapse.seeds import torch_generator
from uncollapse.vae import Gaussian, log_prior

SHARP = 1e9  # Above this mu^2 / variance, summed over dimensions, the product is off by 1e-6 nats.


COLUMNS = {
    "mi": Measure("mi", "nats", better=1, cap="mi_at_cap", bound="mi_upper", least="eps"),
    "marginal_kl": Measure("KL(q(z) || p(z))", "nats", compared=False),
    "mi_cap": Measure("cap of mi", "nats", compared=False),
}


class MutualInformation(NamedTuple):
    """An estimate of the mutual information, in nats.

    With it come its standard error over the points, the value that it cannot exceed, and KL(q(z) || p(z))
    from the same samples.
    """

    mi: float
    standard_error: float
    cap: float
    marginal_kl: float

    @property
    def saturated(self) -> bool:
        """Whether the estimate is at its cap."""
        return is_at_cap(self.mi, self.cap)


def is_at_cap(mi: float, cap: float) -> bool:
    """Return whether an estimate is within 0.5 nats of its cap: there, more points would find more."""
    return mi > cap - 0.5


@torch.no_grad()
def estimate_mi(q: Gaussian, noise: Tensor) -> MutualInformation:
    """Return I_q(x, z) for q (N, D), from S samples z of each point.

    The standard normal `noise` is (S, N, D), or (N, D) for one sample.
    """
    # Information does not depend on where z = 0 lies, but the rounding of the quadratic form does.
    shift = q.mu.double().mean(0)
    q = Gaussian(q.mu.double() - shift, q.logvar.double())
    information, marginal = torch.zeros(2, len(q.mu), dtype=torch.float64)
    samples = noise if noise.ndim == 3 else noise.unsqueeze(0)
    for sample in samples:
        z = q.sample(sample.double())
        own = q.log_prob(z)
        # The point's own component is in the mixture.
        mixture = torch.maximum(log_mixture(q, z), own - math.log(len(own)))
        information += (own - mixture) / len(samples)
        marginal += (mixture - log_prior(z + shift)) / len(samples)
    count = len(information)
    error = float(information.std()) / math.sqrt(count) if count > 1 else 0.0
    return MutualInformation(float(information.mean()), error, math.log(count), float(marginal.mean()))


def estimate_mi_in_batches(q: Gaussian, noise: Tensor, size: int) -> float:
    """Return the mean over batches of `size` points, each its own mixture; `noise` is (N, D).

    He et al. 2019 estimate it so: use it to compare with published tables.
    """
    parts = zip(q.mu.split(size), q.logvar.split(size), noise.split(size), strict=True)
    batches = [(len(mu), estimate_mi(Gaussian(mu, logvar), part).mi) for mu, logvar, part in parts]
    return sum(count * mi for count, mi in batches) / len(q.mu)


def log_mixture(q: Gaussian, z: Tensor, *, chunk: int = 128) -> Tensor:
    """Return the log of 1/N sum_j q(z|x_j) for z (M, D): (M,), all in doubles.

    log q(z|x_j) is a quadratic form in z, so all pairs of a chunk are one product. It cancels, hence the
    doubles; for posteriors so narrow that doubles would not do, the pairs that count are computed again.
    """
    precision = (-q.logvar).exp()
    size = (q.mu.square() * precision).sum(1)
    sharp = float(size.max()) > SHARP
    weights = torch.cat([-0.5 * precision, q.mu * precision], dim=1).T.contiguous()
    constant = -0.5 * (q.mu.square() * precision + q.logvar + math.log(2 * math.pi)).sum(1)
    buffer, chunks = q.mu.new_empty(chunk, len(q.mu)), []
    for part in torch.cat([z.square(), z], dim=1).split(chunk):
        pairs = torch.addmm(constant, part, weights, out=buffer[: len(part)])
        if sharp:
            recompute_near_pairs(pairs, q, part[:, z.shape[1] :], size)
        most = pairs.amax(1, keepdim=True)
        # A value below -80 adds nothing, and its exp is many times slower.
        total = pairs.sub_(most).clamp_(min=-80).exp_().sum(1)
        chunks.append(most.squeeze(1) + total.log())
    return torch.cat(chunks) - math.log(len(q.mu))


def recompute_near_pairs(pairs: Tensor, q: Gaussian, z: Tensor, size: Tensor) -> None:
    """Put log q(z|x_j) into `pairs` (M, N) where it may be within 80 nats of the largest one of z (M, D).

    The rounding error of a product of 2 D terms is at most 2 D times the unit roundoff times the sum of their
    absolute values (Higham 2002, eq. 3.5), and that sum is at most 3 mu^2 / variance, summed in `size` (N,),
    and twice (z - mu)^2 / variance. Where even such an error leaves a pair far below, it counts for nothing.
    """
    latents = z.shape[1]
    roundoff = 4 * latents * torch.finfo(z.dtype).eps
    pairs.nan_to_num_(nan=-math.inf)
    error = roundoff * (size + 2 * pairs.abs())
    near = pairs + error >= (pairs - error).amax(1, keepdim=True) - 80
    pairs.masked_fill_(~near, -math.inf)
    rows, columns = near.nonzero(as_tuple=True)
    block = max(1, 2**20 // latents)
    for row, column in zip(rows.split(block), columns.split(block), strict=True):
        pairs[row, column] = Gaussian(q.mu[column], q.logvar[column]).log_prob(z[row])


def draw_mi_noise(run: Trained) -> Tensor:
    """Draw the noise of the samples of z of the test set, (mi_samples, N, D)."""
    shape = run.settings["mi_samples"], *run.q["test"].mu.shape
    return torch.randn(shape, generator=torch_generator(run.seed, "measure mi"))


def measure(run: Trained) -> ColumnValues:
    """Return mi with its standard error and its cap, mi_in_batches and marginal_kl, of the test set."""
    q, noise = run.q["test"], draw_mi_noise(run)
    information = estimate_mi(q, noise)
    return {
        "mi": information.mi,
        "mi_standard_error": information.standard_error,
        "mi_cap": information.cap,
        "mi_at_cap": information.saturated,
        "mi_in_batches": estimate_mi_in_batches(q, noise[0], run.settings["mi_batch"]),
        "marginal_kl": information.marginal_kl,
    }
