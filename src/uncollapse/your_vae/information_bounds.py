"""Between which limits information lies, from the encodings of some data alone."""

from torch import Tensor

from uncollapse.measures.mutual_information_bound import Bound, bound, mutual_information_bound
from uncollapse.vae import Gaussian, log_prior

FEWEST = 50  # examples; with fewer nothing is fitted


def bound_marginal_kl(q: Gaussian) -> float:
    """A lower bound of KL(q(z) || p(z)) in nats: that of the Gaussian with the means and variances of q(z).

    log r(z) / p(z) is quadratic for this Gaussian r, so KL(q(z) || p(z)) = KL(q(z) || r) + KL(r || p(z)).
    """
    variance = q.mu.var(0, correction=0) + q.logvar.exp().mean(0)
    return float(Gaussian(q.mu.mean(0), variance.log()).kl().sum())


def bound_information(q: Gaussian, noise: Tensor) -> Bound:
    """An upper bound of the mutual information, for q (N, D) in random order and standard normal `noise` (N,
    D): the bound by the density r(z) that, fitted to three fifths, is best on a fifth, measured on the last.

    Mixtures of Gaussians are not tried, for they need scikit-learn.
    """
    if len(q.mu) < FEWEST:
        return bound(q, noise.unsqueeze(0), log_prior)
    cuts = [3 * len(q.mu) // 5, 4 * len(q.mu) // 5]
    train, valid, test = (
        Gaussian(*part) for part in zip(*(each.tensor_split(cuts) for each in q), strict=True)
    )
    own = noise[cuts[1] :].unsqueeze(0)
    return mutual_information_bound(train, valid, test, own, seed=0, components=())
