"""An upper bound of the mutual information of x and z under q.

For every density r of z,

    I_q(x, z) <= E_x E_q(z|x) [log q(z|x) - log r(z)],

and the two differ by KL(q(z) || r(z)) (Barber & Agakov 2003; Poole et al. 2019, arXiv 1905.06922, eq. 2).
With r = p(z) it is the kl, and an r that is closer to q(z) gives a closer bound: the Gaussian with the mean
and covariance of q(z), mixtures of Gaussians, and that of the q(z|x) of other examples. They are fitted on
one part of the data and one of them is chosen on another, so neither lowers the value on a third: in
expectation it is above I. As `mi` is below I in expectation, the two are an interval of I.
"""

import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from uncollapse.measures import ColumnValues, Measure, Trained
from uncollapse.measures.mutual_information import draw_mi_noise, log_mixture
from uncollapse.seeds import make_seed, torch_generator
from uncollapse.vae import Gaussian, log_prior

COLUMNS = {
    "mi_upper": Measure("upper bound of mi", "nats", compared=False),
    "mi_upper_standard_error": Measure("standard error of the upper bound of mi", "nats", compared=False),
}
COMPONENTS = (4, 8)  # Gaussians
MOST_FITTED = 2000  # More examples take time to fit and change little.
SAMPLES_PER_POINT = 4  # With one, the mixtures fit the samples.
MOST_DIMENSIONS = 2000  # in a covariance
RIDGE = 1e-6  # This share of its variance is added to each dimension's.

Density = Callable[[Tensor], Tensor]  # It gives log r(z) in nats, (M,), for z (M, D).


class InformationBound(NamedTuple):
    """An upper bound and its standard error over the points, in nats."""

    mi_upper: float
    standard_error: float


def fit_densities(
    q: Gaussian, noise: Tensor, *, seed: int, components: Sequence[int] = COMPONENTS
) -> Iterator[Density]:
    """Yield the densities r of q (N, D), from the prior to mixtures of Gaussians.

    They are the prior, the mixture of all q(z|x), the Gaussian, and mixtures of Gaussians that are fitted to
    samples. The standard normal `noise` is (S, N, D).

    No covariance is singular, whatever the scale of z and however many dimensions have collapsed: the
    variances of q(z|x) are part of the Gaussian's, the mixtures are fitted in coordinates where it is N(0,
    I), and RIDGE is added to each. Mixtures with more components than one for 2 D points are left out, and
    with more than MOST_DIMENSIONS dimensions all densities that need a covariance.
    """
    yield log_prior
    q = Gaussian(q.mu.double(), q.logvar.double())
    mean = q.mu.mean(0)
    centred = Gaussian(q.mu - mean, q.logvar)
    yield lambda z: log_mixture(centred, z - mean)
    count, latents = q.mu.shape
    if latents > MOST_DIMENSIONS:
        return
    spread = centred.mu.T @ centred.mu / len(q.mu)
    covariance = spread + q.logvar.exp().mean(0).diag()
    factor = torch.linalg.cholesky(covariance + RIDGE * covariance.diag().diag())
    log_volume = factor.diag().log().sum()

    def white(z: Tensor) -> Tensor:
        return torch.linalg.solve_triangular(factor, (z - mean).T, upper=False).T

    yield lambda z: log_prior(white(z)) - log_volume
    if not components:
        return
    # The report reads COLUMNS, and should not wait for this import.
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    samples = white(q.sample(noise.double()).flatten(0, 1)).numpy()
    for size in components:
        if size * 2 * latents <= count:
            mixture = GaussianMixture(size, reg_covar=RIDGE, random_state=seed, max_iter=50, tol=0.01)
            with warnings.catch_warnings():
                # A mixture that has not converged still gives a valid bound.
                warnings.simplefilter("ignore", ConvergenceWarning)
                mixture.fit(samples)
            yield lambda z, r=mixture: torch.from_numpy(r.score_samples(white(z).numpy())) - log_volume


@torch.no_grad()
def find_log_ratios(q: Gaussian, noise: Tensor, log_r: Density) -> Tensor:
    """Return log q(z|x) - log r(z) of each example in nats, (N,), as a mean over S samples of z.

    The standard normal `noise` is (S, N, D), for q (N, D).
    """
    q = Gaussian(q.mu.double(), q.logvar.double())
    z = q.sample(noise.double())
    return (q.log_prob(z) - log_r(z.flatten(0, 1)).view(z.shape[:2])).mean(0)


def bound_by_ratios(ratios: Tensor) -> InformationBound:
    """Return the bound that the log ratios (N,) of a density give, N > 1."""
    return InformationBound(float(ratios.mean()), float(ratios.std()) / math.sqrt(len(ratios)))


def bound_by_density(q: Gaussian, noise: Tensor, log_r: Density) -> InformationBound:
    """Return the bound by one density r for q (N, D), N > 1; the standard normal `noise` is (S, N, D)."""
    return bound_by_ratios(find_log_ratios(q, noise, log_r))


def choose_density(
    train: Gaussian, valid: Gaussian, *, seed: int, components: Sequence[int] = COMPONENTS
) -> Density:
    """Return the density that gives the closest bound on valid, of all that are fitted to train.

    The parts should have no example in common; without `components` scikit-learn is not needed.
    """
    generator = torch_generator(seed, "densities of z")
    learned = Gaussian(train.mu[:MOST_FITTED], train.logvar[:MOST_FITTED])
    other = torch.randn(SAMPLES_PER_POINT, *valid.mu.shape, generator=generator)
    own = torch.randn(SAMPLES_PER_POINT, *learned.mu.shape, generator=generator)
    fitted = fit_densities(learned, own, seed=make_seed(seed, "mixtures") % 2**32, components=components)
    return min(fitted, key=lambda log_r: bound_by_density(valid, other, log_r).mi_upper)


def bound_mi(
    train: Gaussian, valid: Gaussian, test: Gaussian, noise: Tensor, *, seed: int
) -> InformationBound:
    """Return the bound for q of test (N, D), by the density that is best on valid after a fit to train.

    `noise` (S, N, D) is standard normal. The parts should have no example in common.
    """
    return bound_by_density(test, noise, choose_density(train, valid, seed=seed))


def measure(run: Trained) -> ColumnValues:
    """Return mi_upper and its standard error, of the test set, from the samples of mi."""
    found = bound_mi(run.q["train"], run.q["valid"], run.q["test"], draw_mi_noise(run), seed=run.seed)
    return {"mi_upper": found.mi_upper, "mi_upper_standard_error": found.standard_error}
