"""The weight of the KL is found alone: by samples, to another prior, with a set point or free bits."""

from collections.abc import Callable

import pytest
import torch
from losses import batch, kl
from torch import Tensor
from torch.distributions import Normal
from torch.distributions import kl_divergence as exact_kl

import uncollapse
from uncollapse.your_vae.audit import Audit

PRIOR = torch.Generator().manual_seed(5)
MEANS, SCALES = torch.randn(16, 6, generator=PRIOR), 0.3 + torch.rand(16, 6, generator=PRIOR)


def audit_kl(term: Callable[[Tensor, Tensor], Tensor], **stated: object) -> Audit:
    """Return the audit of a loss with half of the squared errors, a mean over the batch, and a term of q."""

    def loss(output: Tensor, x: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
        return (output - x).square().sum(1).mean() / 2 + term(mu, logvar)

    output, x, mu, logvar = batch(16, 50, 6)
    return uncollapse.audit(loss, output, x, mu, logvar - 1, **stated)


def each(mu: Tensor, logvar: Tensor) -> Tensor:
    """Return the KL of each example."""
    return kl(mu, logvar).sum(1)


def drawn(mu: Tensor, logvar: Tensor, count: int, path_only: bool = False) -> Tensor:
    """Return a KL that is estimated with `count` samples, also without the score's gradient."""
    q = Normal(mu, (logvar / 2).exp())
    z = q.rsample(torch.Size([count]))
    fixed = Normal(mu.detach(), (logvar / 2).exp().detach()) if path_only else q
    return (fixed.log_prob(z) - Normal(0, 1).log_prob(z)).sum(-1).mean()


def test_a_kl_at_one_sample_is_found_exactly() -> None:
    found = audit_kl(lambda mu, logvar: 1.5 * drawn(mu, logvar, 1))
    assert found.beta == pytest.approx(1.5, rel=1e-6)
    assert found.verdict.endswith("; its KL is estimated at one sample of z")


@pytest.mark.parametrize(("count", "path_only"), [(3, False), (1, True)])
def test_a_kl_by_samples_is_found_in_expectation(count: int, path_only: bool) -> None:
    state = torch.random.get_rng_state()
    found = audit_kl(lambda mu, logvar: 1.5 * drawn(mu, logvar, count, path_only))
    assert found.beta == pytest.approx(1.5, rel=0.01)
    assert found.averaged == {"reconstruction": ["batch"], "KL": ["batch"]}
    assert "a beta-VAE with beta about 1." in found.verdict
    assert torch.equal(torch.random.get_rng_state(), state)


def test_a_kl_to_a_prior_that_is_learned_or_conditional_is_found() -> None:
    def term(mu: Tensor, logvar: Tensor) -> Tensor:
        prior = Normal(MEANS[: len(mu)], SCALES[: len(mu)])
        return 0.8 * exact_kl(Normal(mu, (logvar / 2).exp()), prior).sum(1).mean()

    found = audit_kl(term)
    assert found.beta == pytest.approx(0.8, rel=1e-5)
    low, high = float(MEANS.min()), float(MEANS.max())
    assert f"its KL is to a prior other than N(0, I), with means {low:.3g} to {high:.3g}" in found.verdict


@pytest.mark.parametrize("target", [0.5, 7.0, 90.0])
@pytest.mark.parametrize(
    "distance",
    [
        lambda nats, target: 100 * (nats.mean() - target).abs(),
        lambda nats, target: 100 * (nats - target).abs().mean(),
    ],
)
def test_a_set_point_is_no_weight(target: float, distance: Callable[[Tensor, float], Tensor]) -> None:
    found = audit_kl(lambda mu, logvar: distance(each(mu, logvar), target))
    assert (found.beta, found.kl_weight) == (None, pytest.approx(100))
    assert found.verdict == (
        f"no negative ELBO: its KL has a set point (target) of about {target:g} nats an example with the "
        "factor 100; that is no weight, as in ControlVAE and Burgess et al. 2018"
    )


def test_a_squared_distance_from_a_set_point_and_a_squared_kl_are_told_apart() -> None:
    found = audit_kl(lambda mu, logvar: (each(mu, logvar).mean() - 5).square())
    assert "a set point (target) of about 5 nats an example, with a factor that grows" in found.verdict
    assert "the weight of its KL changes" in audit_kl(lambda *q: each(*q).mean().square()).verdict


def test_free_bits_are_seen_from_above_and_from_below() -> None:
    above = audit_kl(lambda mu, logvar: each(mu, logvar).mean().clamp(min=2))
    assert above.beta == pytest.approx(1)
    assert above.verdict.endswith("; free bits: a KL below about 2 nats an example does not count")
    below = audit_kl(lambda mu, logvar: 3 * each(mu, logvar).mean().clamp(min=40))
    assert (below.beta, below.kl_weight) == (None, pytest.approx(3))
    assert "no slope on this batch (free bits: a KL below about 40 nats" in below.verdict
    partly = audit_kl(lambda mu, logvar: kl(mu, logvar).clamp(min=0.5).sum(1).mean())
    assert (partly.beta, partly.kl_weight) == (None, pytest.approx(1))
    assert "of 96 latents of the batch do not count in its KL (free bits, or a mask)" in partly.verdict


@pytest.mark.parametrize("top", [20.0, 30.0, 60.0])
def test_a_large_logvar_hides_nothing_and_a_clamp_of_it_is_told(top: float) -> None:
    output, x, mu, logvar = batch(8, 50, 4)
    logvar[0, 0] = top

    def loss(output: Tensor, x: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
        return (output - x).square().sum() / 2 + kl(mu, logvar.clamp(-30, 20)).sum()

    found = uncollapse.audit(loss, output, x, mu, logvar)
    assert found.beta == pytest.approx(1)
    clamped = f"; logvar is clamped in its KL: 1 of 32 have no slope, from {top:g} to {top:g}"
    assert found.verdict.endswith(clamped) == (top > 20)

    def uneven(output: Tensor, x: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
        return (output - x).square().sum() / 2 + (kl(mu, logvar) * torch.tensor([1.0, 2, 2, 2])).sum()

    verdict = uncollapse.audit(uneven, output, x, mu, logvar).verdict
    assert "its KL weighs the latents unequally, from 1 to 2" in verdict


def test_the_kl_is_known_where_the_reconstruction_is_not() -> None:
    net = torch.nn.Linear(50, 5)  # In single precision, as a perceptual net is.

    def nats(output: Tensor, x: Tensor) -> Tensor:
        return (output - x).square().sum(1) + (net(output).tanh() - net(x).tanh()).square().mean(1)

    def loss(output: Tensor, x: Tensor, *q: Tensor) -> Tensor:
        return nats(output, x).mean() + kl(*q).mean(1).mean()

    given = batch(16, 50, 20)
    found = uncollapse.audit(loss, *given)
    assert (found.beta, found.reconstruction_weight) == (None, None)
    assert found.kl_weight == pytest.approx(1 / 20, rel=1e-4)
    assert found.averaged == {"KL": ["batch", "latents"]}
    assert found.verdict.endswith("its KL has the weight 0.05, averaged over the batch and 20 latents")
    assert uncollapse.audit(loss, *given, likelihood=nats).beta == pytest.approx(1 / 20, rel=1e-3)


def test_the_other_size_is_named_where_the_kl_is_divided_by_the_number_of_values() -> None:
    def loss(output: Tensor, x: Tensor, *q: Tensor) -> Tensor:
        return (output - x).square().sum() / 2 + kl(*q).sum() / x.shape[1]

    found = uncollapse.audit(loss, *batch(16, 300, 20))
    assert found.averaged["KL"] == ["values"]
    assert found.verdict.startswith(
        "a beta-VAE with beta 0.003333, as if the KL were averaged over 300 values"
    )


@pytest.mark.parametrize("spread", [lambda s: s.exp(), lambda s: 0.01 * (s / 2).exp()])
def test_a_sampler_that_draws_what_is_not_charged_makes_no_elbo(spread: Callable[[Tensor], Tensor]) -> None:
    def term(mu: Tensor, logvar: Tensor) -> Tensor:
        return each(mu, logvar).mean()

    wrong = audit_kl(term, sample=lambda mu, logvar: mu + spread(logvar) * torch.randn_like(mu))
    assert (wrong.beta, wrong.kl_weight) == (None, pytest.approx(1))
    assert wrong.verdict.startswith("no negative ELBO: what is drawn is not what its KL charges for: sample ")
    right = audit_kl(term, sample=lambda mu, logvar: mu + (logvar / 2).exp() * torch.randn_like(mu))
    assert right.beta == pytest.approx(1)
