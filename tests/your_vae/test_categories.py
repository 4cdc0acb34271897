"""Categorical latents: the verdict in words, however the probabilities are handed over."""

import re
from typing import Any

import pytest
import torch
from torch import Tensor, distributions

import uncollapse

GENERATOR = torch.Generator().manual_seed(0)
LOGITS = 3 * torch.randn(2000, 4, 8, generator=GENERATOR)
PROBABILITIES = LOGITS.softmax(-1)
HALF_DEAD = torch.cat([LOGITS[..., :4], torch.full((2000, 4, 4), -20.0)], -1)


def scale(*factors: float) -> Tensor:
    """The probabilities, where the logits of each variable have a factor."""
    return (LOGITS * torch.tensor(factors)[:, None]).softmax(-1)


@pytest.mark.parametrize(
    ("p", "verdict"),
    [
        (PROBABILITIES, "healthy$"),
        (scale(0.01, 0.01, 0.01, 0.01), "collapsed$"),
        (
            (5 * torch.eye(8)[0] + 0.01 * LOGITS).softmax(-1),
            r"collapsed: a KL of 7\.\d\d nats, but z tells nothing about x \(mutual information 0.00 nats\)$",
        ),
        (scale(1, 1, 0.01, 0.01), "partly collapsed: 2 of 4 variables carry 100 % of the KL$"),
        (
            HALF_DEAD.softmax(-1),
            r"holes: q\(z\) is 2\.7\d+ nats or more from the uniform prior, 16 of 32 categories are not",
        ),
        (
            0.1 * torch.randn(2000, 60, 4, generator=GENERATOR).mul(3).softmax(-1) + 0.9 / 4,
            r"partly collapsed: no variable tells 0.1 nats about x, all together tell 0\.\d\d or more$",
        ),
        (PROBABILITIES[:6, 0], "(in doubt: 6 examples are too few for 8 categories|unknown: take more)"),
        (torch.eye(8)[LOGITS.argmax(-1)], "in doubt: all probabilities are 0 or 1, as those of samples are"),
        (
            torch.randn(30, 512, generator=GENERATOR).mul(5).softmax(-1),
            "in doubt: 30 examples are too few for 512 categories",
        ),
    ],
)
def test_the_verdict_is_in_words(p: Tensor, verdict: str) -> None:
    assert re.match(verdict, uncollapse.diagnose(p).verdict)


def test_every_way_to_hand_probabilities_over_gives_the_same() -> None:
    given = uncollapse.diagnose(probabilities=PROBABILITIES)
    categorical = distributions.Categorical(probs=PROBABILITIES)
    for way in (
        PROBABILITIES,
        PROBABILITIES.numpy(),
        PROBABILITIES.reshape(2000, 2, 2, 8),
        list(PROBABILITIES.split(300)),
        categorical,
        distributions.OneHotCategorical(probs=PROBABILITIES),
        distributions.OneHotCategoricalStraightThrough(probs=PROBABILITIES),
        distributions.Independent(categorical, 1),
        [distributions.Categorical(probs=part) for part in PROBABILITIES.split(300)],
    ):
        found = uncollapse.diagnose(way)
        assert (found.n, found.d, found.verdict) == (given.n, given.d, given.verdict)
        assert (found.kl, found.mi) == pytest.approx((given.kl, given.mi), rel=1e-5)
        assert found.as_dict().keys() == given.as_dict().keys()
    assert uncollapse.diagnose(PROBABILITIES.bfloat16()).kl == pytest.approx(given.kl, rel=0.01)


def test_a_relaxed_distribution_is_taken_for_its_base_and_says_so() -> None:
    relaxed = distributions.RelaxedOneHotCategorical(torch.tensor(0.5), probs=PROBABILITIES)
    found, plain = uncollapse.diagnose(relaxed), uncollapse.diagnose(PROBABILITIES)
    assert found.kl == pytest.approx(plain.kl)
    assert (
        found.verdict
        == f"{plain.verdict}; this is of the category that is drawn, and a relaxed z may tell more"
    )


def test_bernoulli_latents_have_two_categories() -> None:
    p = torch.rand(1000, 5, generator=GENERATOR).double()
    found = uncollapse.diagnose(distributions.Bernoulli(p))
    exact = distributions.kl_divergence(
        distributions.Bernoulli(p), distributions.Bernoulli(torch.tensor(0.5))
    )
    assert found.kl_per_variable == pytest.approx(exact.mean(0).numpy(), rel=1e-6)
    assert (found.d, found.size) == (5, 2)


def test_a_dead_category_needs_examples_enough_to_be_told() -> None:
    assert uncollapse.diagnose(HALF_DEAD.softmax(-1)).dead == 16
    assert uncollapse.diagnose(HALF_DEAD[:20].softmax(-1)).dead is None
    assert uncollapse.diagnose(PROBABILITIES).dead == 0


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ({"mu": LOGITS}, "mu should come with one of logvar, var and std"),
        (
            {"probabilities": LOGITS},
            r"probabilities: should sum to 1 .*; for logits pass logits.softmax",
        ),
        ({"probabilities": PROBABILITIES[:1]}, "probabilities: should have the shape .* not .1, 4, 8."),
        ({"probabilities": PROBABILITIES[0, 0]}, "probabilities: should have the shape .* not .8,."),
        ({"probabilities": torch.ones(9, 1)}, "probabilities: should have two categories or more"),
        ({"probabilities": torch.full((9, 2), torch.nan)}, "probabilities: 18 of 18 values are NaN"),
        ({"probabilities": PROBABILITIES, "mu": LOGITS}, "probabilities: should come .*, not with mu"),
        (
            {"probabilities": PROBABILITIES, "codes": LOGITS.argmax(-1), "size": 8},
            "codes: should come .*, not",
        ),
        ({"mu": PROBABILITIES, "labels": torch.ones(2000)}, "mu: should come alone .*, not with labels"),
        ({"mu": LOGITS.argmax(-1)}, "mu: has whole numbers and no logvar beside it; the codes of a VQ-VAE"),
    ],
)
def test_what_cannot_be_probabilities_is_refused_in_one_line(arguments: dict[str, Any], line: str) -> None:
    with pytest.raises(ValueError, match=line) as refused:
        uncollapse.diagnose(**arguments)
    assert "\n" not in str(refused.value)


def test_a_prior_without_the_dead_categories_makes_the_half_dead_healthy() -> None:
    prior = torch.tensor([0.25] * 4 + [1e-9] * 4)
    for arguments in ({"probabilities": HALF_DEAD.softmax(-1)}, {"mu": HALF_DEAD.softmax(-1)}):
        for given in (prior, prior.expand(4, 8), distributions.Categorical(prior)):
            assert uncollapse.diagnose(**arguments, prior=given).verdict == "healthy"


@pytest.mark.parametrize(
    ("prior", "line"),
    [
        (
            torch.ones(3) / 3,
            r"prior: should have the shape \(8,\) or \(4, 8\), or those of every example, not \(3,\)",
        ),
        (torch.tensor([0.25] * 4 + [0.0] * 4), "prior: gives 0 to categories that q"),
        (torch.ones(8), "prior: should sum to 1"),
    ],
)
def test_a_prior_that_does_not_fit_is_refused_in_one_line(prior: Tensor, line: str) -> None:
    with pytest.raises(ValueError, match=line):
        uncollapse.diagnose(HALF_DEAD.softmax(-1), prior=prior)


def test_a_prior_of_each_example_has_an_exact_kl() -> None:
    generator = torch.Generator().manual_seed(3)
    p, r = torch.randn(2, 500, 3, 5, generator=generator, dtype=torch.float64).softmax(-1)
    found = uncollapse.diagnose(probabilities=p, prior=r)
    exact = distributions.kl_divergence(distributions.Categorical(p), distributions.Categorical(r))
    assert found.kl_per_variable == pytest.approx(exact.mean(0).numpy(), rel=1e-12)
    assert found.verdict == "healthy"
    assert uncollapse.diagnose(probabilities=r, prior=r).verdict == "collapsed onto its own prior"
    one = torch.cat([p[:, :1], r[:, 1:]], 1)
    assert uncollapse.diagnose(probabilities=one, prior=r).verdict == (
        "partly collapsed: 1 of 3 variables carry 100 % of the KL"
    )
