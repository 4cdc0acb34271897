"""Posteriors are compared with the prior of the model: Gaussian by whitening, any other by its density."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.distributions import (
    Categorical,
    Independent,
    Laplace,
    MixtureSameFamily,
    MultivariateNormal,
    Normal,
    Uniform,
    kl_divergence,
)

import uncollapse

COUNT, LATENTS = 2000, 6
GENERATOR = torch.Generator().manual_seed(0)


def draw(*shape: int) -> Tensor:
    """Draw standard normal doubles."""
    return torch.randn(shape, generator=GENERATOR, dtype=torch.float64)


MU, LOGVAR = draw(COUNT, LATENTS), draw(COUNT, LATENTS) - 1
PRIOR_MU, PRIOR_LOGVAR = 2 * draw(COUNT, LATENTS), draw(COUNT, LATENTS)
Q = Normal(MU, (LOGVAR / 2).exp())
P = Normal(PRIOR_MU, (PRIOR_LOGVAR / 2).exp())


class Mixture(torch.nn.Module):
    """A mixture prior in single precision, such as VampPrior's, which knows nothing of doubles."""

    def __init__(self, modes: Tensor, scale: float = 1.0) -> None:
        super().__init__()
        self.modes, self.scale = torch.nn.Parameter(modes.float()), scale

    def log_prob(self, z: Tensor) -> Tensor:
        """Return log p(z) in nats, (N,), for z (N, D)."""
        if z.dtype != torch.float32:
            raise TypeError("this model has singles")
        each = Normal(self.modes, self.scale).log_prob(z.unsqueeze(1)).sum(2)
        return each.logsumexp(1) - math.log(len(self.modes))


@pytest.mark.parametrize(
    "prior",
    [
        (PRIOR_MU, PRIOR_LOGVAR),
        {"loc": PRIOR_MU, "scale": P.stddev},
        P,
        Independent(P, 1),
        MultivariateNormal(PRIOR_MU, scale_tril=P.stddev.diag_embed()),
        list(zip(PRIOR_MU.split(300), PRIOR_LOGVAR.split(300), strict=True)),
        [Normal(mu, std) for mu, std in zip(PRIOR_MU.split(300), P.stddev.split(300), strict=True)],
    ],
    ids=lambda prior: type(prior).__name__,
)
def test_the_kl_to_a_gaussian_prior_is_the_closed_form(prior: Any) -> None:
    found = uncollapse.diagnose(MU, LOGVAR, prior=prior)
    exact = kl_divergence(Q, P)
    assert found.kl == pytest.approx(float(exact.sum(1).mean()), rel=1e-12)
    assert found.kl_per_dimension == pytest.approx(exact.mean(0).numpy(), rel=1e-12)
    order = exact.sort(dim=0).values[int(0.99 * COUNT) - 1]
    assert found.collapse_thresholds == pytest.approx(order.numpy(), rel=1e-12)
    assert found.kl_standard_error == pytest.approx(float(exact.sum(1).std()) / COUNT**0.5, rel=1e-9)
    assert found.prior == "its own Gaussian prior"


@pytest.mark.parametrize("shape", [(LATENTS,), (1, LATENTS), (COUNT, 1), (COUNT, LATENTS), ()])
def test_a_prior_may_be_shared(shape: tuple[int, ...]) -> None:
    mean, logvar = draw(*shape), draw(*shape)
    exact = kl_divergence(Q, Normal(mean.expand_as(MU), (logvar / 2).exp().expand_as(MU)))
    found = uncollapse.diagnose(MU, LOGVAR, prior=(mean, logvar))
    assert found.kl == pytest.approx(float(exact.sum(1).mean()), rel=1e-12)


def test_a_prior_of_maps() -> None:
    maps = [values.view(COUNT, 3, 2, 1) for values in (MU, LOGVAR, PRIOR_MU, PRIOR_LOGVAR)]
    found = uncollapse.diagnose(maps[0], maps[1], prior=(maps[2], maps[3]))
    assert found.as_dict() == uncollapse.diagnose(MU, LOGVAR, prior=(PRIOR_MU, PRIOR_LOGVAR)).as_dict()
    channel = torch.tensor([1.0, 2.0, 3.0]).view(3, 1, 1)
    exact = kl_divergence(Q, Normal(channel.expand(3, 2, 1).flatten().expand_as(MU).double(), 1.0)).sum(1)
    found = uncollapse.diagnose(maps[0], maps[1], prior=(channel, torch.tensor(0.0)))
    assert found.kl == pytest.approx(float(exact.mean()), rel=1e-9)


def test_a_posterior_that_is_its_conditional_prior_has_collapsed() -> None:
    condition = torch.arange(COUNT) % 5
    mean = 3 * draw(5, LATENTS)[condition]
    logvar = torch.full_like(mean, -1.0)
    assert uncollapse.diagnose(mean, logvar).verdict.startswith("holes")
    q = Independent(Normal(mean, (logvar / 2).exp()), 1)
    for prior in ((mean, logvar), q, lambda z: q.log_prob(z)):
        found = uncollapse.diagnose(mean, logvar, prior=prior)
        assert found.verdict == "collapsed onto its own prior"
        assert found.kl == pytest.approx(0, abs=1e-12)


def make_mixture() -> tuple[Tensor, Tensor, Tensor]:
    """Return modes (4, D), and means and log-variances of a q(z|x) whose q(z) is the mixture of them."""
    one, sign = torch.ones(LATENTS), torch.tensor([1.0, -1.0]).repeat(LATENTS // 2)
    modes = 4 * torch.stack([one, -one, sign, -sign]).double()
    mean = modes[torch.arange(COUNT) % 4] + (1 - 0.4**2) ** 0.5 * draw(COUNT, LATENTS)
    return modes, mean, torch.full_like(mean, math.log(0.4**2))


@pytest.mark.parametrize(
    "make",
    [
        lambda modes: MixtureSameFamily(
            Categorical(torch.ones(4)), Independent(Normal(modes, torch.ones(4, LATENTS)), 1)
        ),
        Mixture,
        lambda modes: Mixture(modes).log_prob,
        lambda modes: lambda z: Mixture(modes).log_prob(torch.as_tensor(z).float()).detach().numpy(),
        lambda modes: lambda z: Mixture(modes).log_prob(z)[:, None],
    ],
)
def test_a_posterior_that_is_its_mixture_prior_is_healthy(make: Callable[[Tensor], Any]) -> None:
    modes, mean, logvar = make_mixture()
    found = uncollapse.diagnose(mean, logvar, prior=make(modes))
    assert found.verdict == "healthy"
    # Each mode is a Gaussian channel of 6 dimensions, and which mode it is adds ln 4.
    exact = LATENTS * math.log(1 / 0.4) + math.log(4)
    assert abs(found.kl - exact) < 4 * found.kl_standard_error
    assert found.marginal_kl == pytest.approx(found.kl - found.mi, abs=1e-9)
    assert uncollapse.diagnose(mean, logvar).verdict.startswith("holes")


def test_holes_of_a_mixture_prior() -> None:
    modes, mean, logvar = make_mixture()
    elsewhere = Mixture(torch.cat([modes, 12 * draw(12, LATENTS)]), scale=0.5)
    assert uncollapse.diagnose(mean, logvar, prior=elsewhere).verdict.startswith("holes: q(z) is ")


def test_latents_that_do_not_leave_one_mode_have_collapsed() -> None:
    modes, mean, logvar = make_mixture()
    one = modes[0].expand_as(mean) + 0 * mean
    found = uncollapse.diagnose(one, torch.zeros_like(logvar), prior=Mixture(modes))
    words = f"a KL of {math.log(4):.2f} nats, but z tells nothing about x (mutual information 0.00 nats)"
    assert found.verdict == f"collapsed: {words}"


def test_the_information_is_at_most_the_kl_to_a_density_that_all_examples_share() -> None:
    """A density of each example is no density of q(z), and its KL may be less than the information."""
    mu, logvar = 3 * MU, LOGVAR.clamp(max=-1)
    whole = uncollapse.diagnose(mu, logvar, prior=Independent(Normal(0 * mu[0], 3 + 0 * mu[0]), 1).log_prob)
    assert whole.mi - 3 * whole.mi_standard_error < whole.mi_upper <= whole.kl
    own = Independent(Normal(mu, (logvar / 2).exp()), 1).log_prob
    each = uncollapse.diagnose(mu, logvar, prior=own)
    assert each.kl == pytest.approx(0, abs=1e-6)
    assert each.mi_upper > each.mi > 1


def test_a_density_of_each_dimension_is_summed() -> None:
    laplace = Laplace(torch.zeros(LATENTS), torch.ones(LATENTS))
    whole = uncollapse.diagnose(MU, LOGVAR, prior=Independent(laplace, 1))
    assert uncollapse.diagnose(MU, LOGVAR, prior=laplace).kl == pytest.approx(whole.kl, rel=1e-12)
    gaussian = uncollapse.diagnose(MU, LOGVAR, prior=lambda z: Normal(0.0, 1.0).log_prob(z).sum(1))
    assert gaussian.kl == pytest.approx(uncollapse.diagnose(MU, LOGVAR).kl, abs=0.1)


def fail(z: Tensor) -> Tensor:
    """Stand for a broken density."""
    raise RuntimeError


@pytest.mark.parametrize(
    ("prior", "line"),
    [
        ((PRIOR_MU[:, :4], PRIOR_LOGVAR), r"prior: its mu has the shape \(2000, 4\), but the latents have"),
        (PRIOR_MU, "prior: mu should come with one of logvar"),
        ("vamp", "prior: "),
        ((PRIOR_MU, 100 + PRIOR_LOGVAR), "prior: exp of .* is out of range"),
        ({"mu": PRIOR_MU, "std": -P.stddev}, "prior: std: should be positive"),
        (fail, "prior: its log density fails on z of the shape .*: RuntimeError"),
        (lambda z: z.sum(), r"prior: log p\(z\) should have one number for each example"),
        (
            Uniform(-torch.ones(LATENTS), torch.ones(LATENTS), validate_args=False),
            "prior: .* not finite",
        ),
        (torch.nn.Linear(4, 1), "prior: its log density fails"),
    ],
)
def test_a_prior_that_cannot_be_is_one_line(prior: Any, line: str) -> None:
    with pytest.raises(ValueError, match=f"^{line}") as caught:
        uncollapse.diagnose(MU, LOGVAR, prior=prior)
    assert "\n" not in str(caught.value)
