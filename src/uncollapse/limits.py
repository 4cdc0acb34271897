"""Between which limits information lies, from the encodings of some data alone."""

from torch import Tensor
from torch.distributions import MultivariateNormal

from uncollapse.measures.mutual_information import log_mixture
from uncollapse.measures.mutual_information_bound import POINTS, RIDGE, Bound, Density, bound
from uncollapse.vae import Gaussian, log_prior

FEWEST = 50  # examples; with fewer nothing is fitted
LARGEST = 2000  # dimensions of a covariance matrix


def marginal_kl_at_least(q: Gaussian) -> float:
    """A lower bound of KL(q(z) || p(z)) in nats: that of the Gaussian with the means and variances of q(z).

    log r(z) / p(z) is quadratic for this Gaussian r, so KL(q(z) || p(z)) = KL(q(z) || r) + KL(r || p(z)).
    """
    variance = q.mu.var(0, correction=0) + q.logvar.exp().mean(0)
    return float(Gaussian(q.mu.mean(0), variance.log()).kl().sum())


def mi_at_most(q: Gaussian, noise: Tensor) -> Bound:
    """An upper bound of the mutual information, for q (N, D) in random order and standard normal `noise` (N,
    D): the bound by the density r(z) that, fitted to three fifths, is best on a fifth, measured on the last.

    Of the densities of `measures.mutual_information_bound` those that need nothing but torch: the prior, the
    mixture of all q(z|x), the Gaussian.
    """
    if len(q.mu) < FEWEST:
        return bound(q, noise.unsqueeze(0), log_prior)
    cuts = [3 * len(q.mu) // 5, 4 * len(q.mu) // 5]
    learned, valid, test = (
        Gaussian(*parts) for parts in zip(*(each.tensor_split(cuts) for each in q), strict=True)
    )
    _, other, own = (part.unsqueeze(0) for part in noise.tensor_split(cuts))
    fitted = Gaussian(learned.mu[:POINTS], learned.logvar[:POINTS])
    found: list[Density] = [log_prior, lambda z: log_mixture(fitted, z)]
    if q.mu.shape[1] <= LARGEST:
        mean = learned.mu.mean(0)
        spread = (learned.mu - mean).T @ (learned.mu - mean) / len(learned.mu)
        covariance = spread + learned.logvar.exp().mean(0).diag()
        covariance += RIDGE * covariance.diag().diag()
        found.append(MultivariateNormal(mean, covariance, validate_args=False).log_prob)
    return bound(test, own, min(found, key=lambda log_r: bound(valid, other, log_r).mi_upper))
