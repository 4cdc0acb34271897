"""The diagnosis: closed forms, the verdict, and mistakes."""

import math

import numpy as np
import pytest
import torch

import uncollapse

STREAM = np.random.default_rng(0)


def channel(*informative: float, dead: int = 0, count: int = 3000) -> tuple[np.ndarray, np.ndarray]:
    """mu_i ~ N(0, s_i^2) and variance 1 - s_i^2, so that q(z) = p(z); `dead` dimensions of the prior
    behind them."""
    s2 = np.array([*informative, *[0.0] * dead])
    return np.sqrt(s2) * STREAM.normal(size=(count, len(s2))), np.log(1 - s2) * np.ones((count, len(s2)))


def test_every_field_is_that_of_the_closed_form() -> None:
    mu, logvar = channel(0.9, 0.5, dead=2, count=8000)
    found = uncollapse.diagnose(mu, logvar)
    exact = -0.5 * np.log(1 - np.array([0.9, 0.5, 0, 0]))
    assert (found.n, found.d, found.active_units, found.delta) == (8000, 4, 2, 0.01)
    assert found.kl_per_dimension == pytest.approx(exact, abs=0.05)
    assert found.kl == pytest.approx(found.kl_per_dimension.sum())
    assert found.mi == pytest.approx(exact.sum(), abs=0.05)
    assert found.mi_cap == math.log(8000)
    kl = 0.5 * (mu**2 + np.exp(logvar) - 1 - logvar)
    for eps in (0.0, 1e-9, 0.01, 0.3, 1.0, 5.0, 50.0):
        assert found.collapsed(eps) == ((kl < eps).mean(0) >= 0.99).mean(), eps


def test_numpy_and_torch_and_every_type_of_number_give_the_same() -> None:
    mu, logvar = (np.round(array, 3).astype(np.float32) for array in channel(0.9, 0.5, dead=1))
    one = uncollapse.diagnose(mu, logvar).as_dict()
    assert uncollapse.diagnose(torch.tensor(mu, requires_grad=True), torch.tensor(logvar)).as_dict() == one
    assert uncollapse.diagnose(mu.astype(np.float64), logvar.astype(np.float64)).as_dict() == one
    assert uncollapse.diagnose(mu.tolist(), logvar.tolist()).kl == pytest.approx(one["kl"])


def test_mutual_information_of_many_examples_is_of_a_sample() -> None:
    mu, logvar = channel(0.9, count=30_000)
    found = uncollapse.diagnose(mu, logvar)
    assert found.mi_cap == math.log(10_000)
    assert found.mi == pytest.approx(-0.5 * math.log(0.1), abs=0.05)


def test_bfloat16_is_a_number_and_few_examples_are_no_collapse() -> None:
    mu, logvar = (torch.tensor(array) for array in channel(0.9, 0.5))
    assert uncollapse.diagnose(mu.bfloat16(), logvar.bfloat16()).mi == pytest.approx(
        uncollapse.diagnose(mu, logvar).mi, abs=0.02
    )
    few = [array[:10] for array in channel(0.99, 0.99)]
    assert uncollapse.diagnose(*few).verdict == "healthy"


def test_labels_may_be_bytes_and_names_what_they_may_not_be() -> None:
    mu, logvar = channel(0.9)
    sign = mu[:, 0] > 0
    assert uncollapse.diagnose(mu, logvar, labels=np.where(sign, b"a", b"b")).probe_accuracy > 0.95
    for wrong in (sign + 0.5, sign * 1j, np.arange(len(mu)), np.where(sign, "a", None)):
        with pytest.raises(ValueError, match=r"^labels: "):
            uncollapse.diagnose(mu, logvar, labels=wrong)


@pytest.mark.parametrize(
    ("latents", "verdict"),
    [
        (channel(dead=5), "collapsed"),
        ((np.zeros((3, 3)), np.zeros((3, 3))), "collapsed"),
        (
            (np.full((500, 3), 1.5), np.zeros((500, 3))),
            "collapsed: a KL of 3.38 nats, but z tells nothing about x (mutual information 0.00 nats)",
        ),
        (channel(0.9, 0.9, dead=3), "partly collapsed: 2 of 5 dimensions carry 100 % of the KL"),
        (channel(0.9, 0.9, 0.8), "healthy"),
    ],
)
def test_the_verdict(latents: tuple[np.ndarray, np.ndarray], verdict: str) -> None:
    assert uncollapse.diagnose(*latents).verdict == verdict


def test_labels_add_a_probe() -> None:
    mu, logvar = channel(0.9, 0.5)
    told = uncollapse.diagnose(mu, logvar, labels=np.where(mu[:, 0] > 0, "a", "b"))
    assert told.probe_accuracy is not None
    assert told.probe_accuracy > 0.95
    blind = uncollapse.diagnose(mu, logvar, labels=torch.arange(len(mu)) % 2)
    assert blind.probe_accuracy == pytest.approx(0.5, abs=0.09)
    for wrong in (np.zeros(3), np.zeros(len(mu))):
        with pytest.raises(ValueError, match="labels"):
            uncollapse.diagnose(mu, logvar, labels=wrong)
