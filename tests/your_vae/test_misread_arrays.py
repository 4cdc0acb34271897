"""What looks like something else is not taken for it without a word."""

import math
from typing import Any

import pandas as pd
import pytest
import torch
from torch.distributions import Normal

import uncollapse

STREAM = torch.Generator().manual_seed(5)
MU = 0.95 * torch.randn(400, 6, generator=STREAM)
LOGVAR = torch.full_like(MU, math.log(1 - 0.95**2))
Q = Normal(MU, (LOGVAR / 2).exp())
PRIOR = Normal(MU / 2, torch.ones_like(MU))


@pytest.mark.parametrize(
    "given",
    [(Q, PRIOR), [Q, PRIOR], [(MU, LOGVAR), (MU / 2, 0 * LOGVAR)], ({"mu": MU, "std": Q.stddev},) * 2],
)
def test_a_posterior_and_its_prior_are_not_taken_for_batches(given: object) -> None:
    with pytest.raises(
        ValueError, match="if the second is the prior, pass prior=, for two levels pass levels="
    ):
        uncollapse.diagnose(given)
    with pytest.raises(ValueError, match=r"levels: level 1 of 2: mu: holds two posteriors"):
        uncollapse.diagnose(levels=[given, given])


def test_batches_of_other_sizes_or_numbers_are_joined() -> None:
    first, rest = Normal(Q.mean[:100], Q.stddev[:100]), Normal(Q.mean[100:], Q.stddev[100:])
    assert uncollapse.diagnose([first, rest]).n == 400
    assert uncollapse.diagnose([first, first, first, first]).n == 400


def test_steps_of_sequences_as_examples_are_told_by_the_few_that_are_alive() -> None:
    mu, logvar = torch.zeros(400, 32, 6), torch.zeros(400, 32, 6)
    mu[:, 0], logvar[:, 0] = MU, LOGVAR
    found = uncollapse.diagnose(mu.flatten(0, 1), logvar.flatten(0, 1))
    assert found.alive_examples == pytest.approx(1 / 32)
    assert found.verdict.startswith(
        "healthy, but only 3.1 % of the examples have a KL of 0.1 nats or more; if"
    )
    assert uncollapse.diagnose(mu, logvar, axis=2).verdict.startswith("partly collapsed after step 0")


@pytest.mark.parametrize(
    "density", [lambda z: z, lambda z: 20 - z.square().sum(1) / 2, torch.nn.Linear(6, 1)]
)
def test_what_is_no_log_density_is_no_prior(density: Any) -> None:
    if isinstance(density, torch.nn.Linear):
        torch.nn.init.zeros_(density.weight)
        torch.nn.init.constant_(density.bias, 30.0)
    with pytest.raises(ValueError, match=r"^prior: is no log density: the KL to it would be -\d"):
        uncollapse.diagnose(MU, LOGVAR, prior=density)


def test_names_of_pandas_are_labels_and_a_delta_is_a_number() -> None:
    names = list("abcd") * 100
    found = uncollapse.diagnose(MU, LOGVAR, labels=pd.Series(names).astype("category"))
    assert found.probe_accuracy == uncollapse.diagnose(MU, LOGVAR, labels=names).probe_accuracy
    with pytest.raises(ValueError, match=r"delta: should be a number, .* less than 1, not '0\.1'"):
        uncollapse.diagnose(MU, LOGVAR, delta="0.1")


def test_two_axes_of_latents_may_be_stacked_batches() -> None:
    stacked = uncollapse.diagnose(MU.view(20, 20, 6), LOGVAR.view(20, 20, 6))
    assert stacked.verdict.endswith("for stacked batches mu.flatten(0, 1)")
    assert uncollapse.diagnose(MU, LOGVAR).note is None
    assert uncollapse.diagnose(MU.view(400, 1, 2, 3), LOGVAR.view(400, 1, 2, 3)).note is None


def test_few_long_sequences_have_no_holes_for_being_few() -> None:
    mu = 0.9 * torch.randn(4, 200, 8, generator=STREAM)
    found = uncollapse.diagnose(mu, torch.full_like(mu, math.log(1 - 0.81)), axis=2)
    assert found.marginal_kl_at_least > 0.1 * found.d
    assert not found.verdict.startswith("holes")
    assert uncollapse.diagnose(3 * mu, torch.full_like(mu, -5.0), axis=2).verdict.startswith("holes")


def test_two_examples_do_not_tell_whether_a_decoder_reads() -> None:
    found = uncollapse.reads(lambda x, z: (x - z).square().sum(1), MU[:2], MU[:2])
    assert found.verdict.startswith("not known: ")
    assert uncollapse.reads(lambda x, z: (x - z).square().sum(1), MU[:10], MU[:10]).answer == "reads"
