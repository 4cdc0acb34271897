"""Posteriors with a full covariance have their KL in closed form, and information that knows of it."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.distributions import Independent, LowRankMultivariateNormal, MultivariateNormal, kl_divergence

import uncollapse
from uncollapse.your_vae.handed_over.posterior_inputs import read_posterior
from uncollapse.your_vae.latents.full_covariance import count_affordable, find_log_densities

COUNT, LATENTS = 600, 4
GENERATOR = torch.Generator().manual_seed(0)


def draw(*shape: int) -> Tensor:
    """Draw standard normal doubles."""
    return torch.randn(*shape, generator=GENERATOR, dtype=torch.float64)


TRIL = 0.2 * draw(COUNT, LATENTS, LATENTS).tril(-1) + (0.3 * draw(COUNT, LATENTS) - 1).exp().diag_embed()
Q = MultivariateNormal(0.9 * draw(COUNT, LATENTS), scale_tril=TRIL)
PRIOR = MultivariateNormal(torch.zeros(LATENTS).double(), torch.eye(LATENTS).double())


def test_the_kl_is_the_closed_form() -> None:
    found = uncollapse.diagnose(Q)
    assert found.kl == pytest.approx(float(kl_divergence(Q, PRIOR).mean()), rel=1e-12)
    marginals = uncollapse.diagnose(Q.mean, var=Q.variance)
    assert found.kl_per_dimension == pytest.approx(marginals.kl_per_dimension, rel=1e-12)
    assert found.collapse_thresholds == pytest.approx(marginals.collapse_thresholds, rel=1e-12)
    assert found.kl > marginals.kl


def test_every_way_to_hand_over_a_covariance() -> None:
    expected = uncollapse.diagnose(Q).as_dict()
    covariance = Q.covariance_matrix
    for way in (
        {"mu": Q.mean, "covariance": covariance},
        [
            MultivariateNormal(mu, scale_tril=tril)
            for mu, tril in zip(Q.mean.split(70), TRIL.split(70), strict=True)
        ],
        SimpleNamespace(mean=Q.mean.numpy(), covariance=covariance.numpy()),
    ):
        found = uncollapse.diagnose(way).as_dict()
        for name, value in expected.items():
            exact = value is None or isinstance(value, str)
            assert found[name] == (value if exact else pytest.approx(value, rel=1e-6))
    monitor = uncollapse.Monitor()
    for mu, tril in zip(Q.mean.split(70), TRIL.split(70), strict=True):
        monitor.add(MultivariateNormal(mu, scale_tril=tril))
    assert monitor.diagnose().mi == pytest.approx(expected["mi"], rel=1e-6)


def test_low_rank_and_steps() -> None:
    low = LowRankMultivariateNormal(Q.mean, draw(COUNT, LATENTS, 2), draw(COUNT, LATENTS).exp())
    exact = kl_divergence(MultivariateNormal(Q.mean, low.covariance_matrix), PRIOR)
    assert uncollapse.diagnose(low).kl == pytest.approx(float(exact.mean()), rel=1e-9)
    steps = MultivariateNormal(Q.mean.view(200, 3, LATENTS), scale_tril=TRIL.view(200, 3, LATENTS, LATENTS))
    found = uncollapse.diagnose(Independent(steps, 1))
    assert (found.n, found.d) == (200, 3 * LATENTS)
    assert found.kl == pytest.approx(3 * float(kl_divergence(Q, PRIOR).mean()), rel=1e-12)


def test_the_densities_of_all_pairs() -> None:
    z = draw(5, LATENTS)
    exact = Q.log_prob(z.unsqueeze(1))
    assert find_log_densities(Q.mean, TRIL, z).numpy() == pytest.approx(exact.numpy(), rel=1e-9)


def rotate(narrow: float) -> tuple[MultivariateNormal, float]:
    """Return q(z|x) of 2 correlated dimensions with q(z) = N(0, I), and its mutual information in nats.

    Each is a rotated pair of Gaussian channels: one with the variance `narrow`, and one without information.
    """
    half = math.sqrt(0.5)
    turn = torch.tensor([[half, -half], [half, half]], dtype=torch.float64)
    told = torch.stack([math.sqrt(1 - narrow) * draw(2000), torch.zeros(2000).double()], 1)
    covariance = turn @ torch.diag(torch.tensor([narrow, 1.0], dtype=torch.float64)) @ turn.T
    q = MultivariateNormal(told @ turn.T, covariance.expand(2000, 2, 2))
    return q, -0.5 * math.log(narrow)


def test_information_of_a_rotated_channel() -> None:
    q, exact = rotate(0.05)
    found = uncollapse.diagnose(q)
    assert found.mi - 4 * found.mi_standard_error < exact < found.mi_upper + 4 * found.mi_upper_standard_error
    assert found.mi > 0.9 * exact
    assert found.mi_upper < 1.1 * exact
    assert found.kl == pytest.approx(exact, rel=0.1)
    assert found.verdict == "healthy"
    # The marginals alone tell less than half of it.
    assert uncollapse.diagnose(q.mean, var=q.variance).kl < 0.5 * exact


def test_correlations_alone_may_tell_of_x() -> None:
    sign = torch.where(torch.arange(2000) % 2 == 0, 0.999, -0.999).double()
    covariance = torch.eye(2).double() + sign.view(-1, 1, 1) * (1 - torch.eye(2).double())
    found = uncollapse.diagnose(MultivariateNormal(torch.zeros(2000, 2).double(), covariance))
    assert found.kl_per_dimension == pytest.approx(np.zeros(2), abs=1e-12)
    assert found.mi == pytest.approx(math.log(2), abs=0.1)
    assert found.verdict.startswith("partly collapsed: no dimension has 0.1 nats, but all 2 together tell")


def test_a_whitened_covariance() -> None:
    mean, std = draw(COUNT, LATENTS), draw(COUNT, LATENTS).exp()
    own = MultivariateNormal(mean, scale_tril=std.diag_embed())
    found = uncollapse.diagnose(Q, prior=(mean, 2 * std.log()))
    assert found.kl == pytest.approx(float(kl_divergence(Q, own).mean()), rel=1e-12)
    correlated = MultivariateNormal(torch.zeros(LATENTS).double(), scale_tril=TRIL[0])
    found = uncollapse.diagnose(Q, prior=correlated)
    exact = float(kl_divergence(Q, correlated).mean())
    assert found.kl == pytest.approx(exact, abs=4 * found.kl_standard_error)


class TriL:
    """A full covariance as TensorFlow Probability has it: beside stddev() there is covariance()."""

    event_shape = (LATENTS,)

    def __init__(self, covariance: Tensor) -> None:
        self.whole = covariance.numpy()

    def mean(self) -> np.ndarray:
        """Return the means, (N, D)."""
        return Q.mean.numpy()

    def stddev(self) -> np.ndarray:
        """Return the standard deviations, (N, D)."""
        return np.sqrt(self.whole.diagonal(0, 1, 2))

    def covariance(self) -> np.ndarray:
        """Return the covariances, (N, D, D)."""
        return self.whole


class TriLWithDensity(TriL):
    """The same with the density that makes it a distribution."""

    def log_prob(self, z: np.ndarray) -> np.ndarray:
        """Stand for the density, which diagnose does not call."""
        raise NotImplementedError


@pytest.mark.parametrize("kind", [TriL, TriLWithDensity])
def test_an_object_with_a_covariance_is_not_read_as_its_diagonal(kind: type[TriL]) -> None:
    covariance = Q.covariance_matrix
    found = uncollapse.diagnose(kind(covariance))
    assert found.kl == pytest.approx(uncollapse.diagnose(Q).kl, rel=1e-12)
    assert found.kl > 1.1 * uncollapse.diagnose(Q.mean, var=Q.variance).kl
    diagonal = uncollapse.diagnose(kind(torch.diag_embed(Q.variance)))
    assert diagonal.kl == pytest.approx(uncollapse.diagnose(Q.mean, var=Q.variance).kl, rel=1e-12)


def test_a_covariance_that_would_be_too_large_is_not_computed() -> None:
    class Large(TriL):
        def mean(self) -> np.ndarray:
            """Return the means of maps, (N, C, H, W)."""
            return np.zeros((COUNT, 1, 2, 512))

        def stddev(self) -> np.ndarray:
            """Return the standard deviations of maps."""
            return self.mean() + 1

        def covariance(self) -> np.ndarray:
            """Stand for what does not fit into memory."""
            raise AssertionError

    large = Large(Q.covariance_matrix)
    with pytest.raises(ValueError, match=r"^mu: covariance\(\) of this Large would have .* too many"):
        uncollapse.diagnose(large)
    large.event_shape = ()
    assert read_posterior(large).tril is None


def test_mistakes_are_one_line() -> None:
    with pytest.raises(ValueError, match=r"; for a full covariance pass mu=torch.distributions.Multivariate"):
        uncollapse.diagnose(Q.mean, Q.covariance_matrix)
    with pytest.raises(ValueError, match=r"^covariance: should be positive definite"):
        uncollapse.diagnose({"mu": Q.mean, "covariance": -Q.covariance_matrix})
    with pytest.raises(ValueError, match=r"^covariance: should have the shape \(600, 4, 4\)"):
        uncollapse.diagnose({"mu": Q.mean, "covariance": Q.covariance_matrix[:, :3]})
    with pytest.raises(ValueError, match=r"^covariance: .* are too many; hand over 400 examples or fewer"):
        uncollapse.diagnose({"mu": torch.zeros(1000, 500), "cov": torch.eye(500) + 0.1})


def test_few_examples_of_many_dimensions_are_used() -> None:
    assert count_affordable(2000, 6) == 2000
    assert 50 < count_affordable(2000, 500) < 500
