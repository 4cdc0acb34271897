"""Bounds of the information in z, from the encodings of some data alone."""

from torch import Tensor

from uncollapse.measures.mutual_information_bound import InformationBound, bound_by_density, bound_mi
from uncollapse.vae import Gaussian, log_prior

FEWEST = 50  # No density is fitted to fewer examples.


def bound_marginal_kl(q: Gaussian) -> float:
    """Return a lower bound of KL(q(z) || p(z)) in nats.

    It is KL(r || p(z)) of the Gaussian r with the means and variances of q(z): log r(z) / p(z) is quadratic,
    so KL(q(z) || p(z)) = KL(q(z) || r) + KL(r || p(z)).
    """
    variance = q.mu.var(0, correction=0) + q.logvar.exp().mean(0)
    return float(Gaussian(q.mu.mean(0), variance.log()).kl().sum())


def bound_information(q: Gaussian, noise: Tensor) -> InformationBound:
    """Return an upper bound of the mutual information, for q (N, D) in random order.

    Densities r(z) are fitted to three fifths of the examples; the one that is best on the fourth fifth gives
    the bound on the last. `noise` is standard normal (N, D). Mixtures of Gaussians are not tried, because
    they need scikit-learn.
    """
    if len(q.mu) < FEWEST:
        return bound_by_density(q, noise.unsqueeze(0), log_prior)
    cuts = [3 * len(q.mu) // 5, 4 * len(q.mu) // 5]
    means, logvars = q.mu.tensor_split(cuts), q.logvar.tensor_split(cuts)
    train = Gaussian(means[0], logvars[0])
    valid = Gaussian(means[1], logvars[1])
    test = Gaussian(means[2], logvars[2])
    own = noise[cuts[1] :].unsqueeze(0)
    return bound_mi(train, valid, test, own, seed=0, components=())
