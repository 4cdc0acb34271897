"""Which level of a hierarchical VAE is dead, each beside its own prior."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.distributions import Independent, MultivariateNormal, Normal, kl_divergence

import uncollapse

COUNT = 1500
GENERATOR = torch.Generator().manual_seed(0)


def draw(*shape: int) -> Tensor:
    """Draw standard normal doubles."""
    return torch.randn(shape, generator=GENERATOR, dtype=torch.float64)


def make_level(alive: int, latents: int) -> tuple[Tensor, Tensor]:
    """Return q(z|x) of which the first dimensions are alive beside N(0, I)."""
    mu, logvar = torch.zeros(COUNT, latents).double(), torch.zeros(COUNT, latents).double()
    mu[:, :alive] = 0.9 * draw(COUNT, alive)
    logvar[:, :alive] = math.log(1 - 0.81)
    return mu, logvar


TOP, BOTTOM = make_level(4, 4), make_level(3, 8)
PRIOR = 3 * draw(COUNT, 8), draw(COUNT, 8)
# The bottom level as people have it: beside a prior that the top level decodes.
LEARNED = PRIOR[0] + BOTTOM[0] * (PRIOR[1] / 2).exp(), BOTTOM[1] + PRIOR[1]


def test_levels_beside_learned_priors() -> None:
    found = uncollapse.diagnose(levels=[LEARNED, TOP], prior=[PRIOR, None])
    alone = uncollapse.diagnose(*LEARNED, prior=PRIOR), uncollapse.diagnose(*TOP)
    assert found.kl_per_level == pytest.approx([one.kl for one in alone], rel=1e-9)
    exact = kl_divergence(Normal(LEARNED[0], (LEARNED[1] / 2).exp()), Normal(PRIOR[0], (PRIOR[1] / 2).exp()))
    assert found.kl_per_level[0] == pytest.approx(float(exact.sum(1).mean()), rel=1e-9)
    assert found.kl == pytest.approx(sum(one.kl for one in alone), rel=1e-9)
    assert (found.d_per_level.tolist(), found.alive_per_level.tolist()) == ([8, 4], [3, 4])
    each = np.concatenate([one.kl_per_dimension for one in alone])
    assert found.kl_per_dimension == pytest.approx(each, abs=1e-9)
    words = "partly collapsed: 7 of 12 dimensions carry 100 % of the KL (level 1: 3 of 8, level 2: 4 of 4)"
    assert found.verdict == words
    without = uncollapse.diagnose(levels=[LEARNED, TOP])
    assert "; and holes: q(z) is" in without.verdict or without.verdict.startswith("holes")


def test_which_level_is_dead() -> None:
    dead = make_level(0, 8)
    below = PRIOR[0] + dead[0], PRIOR[1] + dead[1]
    found = uncollapse.diagnose(levels=[TOP, below], prior=(None, PRIOR))
    assert found.verdict.startswith("partly collapsed: level 2 of 2 is dead; 4 of 12 dimensions carry 100 %")
    three = uncollapse.diagnose(levels=[dead, TOP, dead])
    assert three.verdict.startswith("partly collapsed: levels 1, 3 of 3 are dead; 4 of 20 dimensions carry")
    assert uncollapse.diagnose(levels=[dead, dead]).verdict == (
        "collapsed; every level is compared with N(0, I), as no prior= was handed over"
    )
    both = uncollapse.diagnose(levels=[PRIOR, dead], prior=[PRIOR, None])
    assert both.verdict == "collapsed onto its own prior"
    assert uncollapse.diagnose(levels=[TOP, TOP]).alive_per_level.tolist() == [4, 4]


def test_levels_come_in_every_form() -> None:
    expected = uncollapse.diagnose(levels=[LEARNED, TOP], prior=[PRIOR, None]).as_dict()
    learned = Independent(Normal(LEARNED[0], (LEARNED[1] / 2).exp()), 1)
    forms: list[dict[str, Any]] = [
        {"levels": (learned, {"z_mean": TOP[0], "z_log_var": TOP[1]}), "prior": [PRIOR, None]},
        {
            "levels": [list(zip(LEARNED[0].split(400), LEARNED[1].split(400), strict=True)), TOP],
            "prior": [Normal(PRIOR[0], (PRIOR[1] / 2).exp()), None],
        },
    ]
    for form in forms:
        found = uncollapse.diagnose(**form).as_dict()
        for name, value in expected.items():
            exact = value is None or isinstance(value, str)
            assert found[name] == (value if exact else pytest.approx(value, rel=1e-6, abs=1e-9))


def test_a_level_may_have_a_full_covariance_or_a_prior_by_its_density() -> None:
    whole = MultivariateNormal(TOP[0], (0.3 * torch.eye(4).double() + 0.1).expand(COUNT, 4, 4))
    found = uncollapse.diagnose(levels=[BOTTOM, whole])
    assert found.kl_per_level[1] == pytest.approx(uncollapse.diagnose(whole).kl, rel=1e-9)
    standard = Independent(Normal(torch.zeros(4).double(), 1.0), 1)
    density = uncollapse.diagnose(levels=[BOTTOM, TOP], prior=[None, lambda z: standard.log_prob(z)])
    assert density.kl_per_level[1] == pytest.approx(uncollapse.diagnose(*TOP).kl, rel=0.02)
    assert density.verdict.startswith("partly collapsed: 7 of 12 dimensions")


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"levels": [TOP, TOP[0]]}, "levels: level 2 of 2: mu should come with one of logvar"),
        ({"levels": TOP}, "levels: level 1 of 2: mu should come with one of logvar"),
        ({"levels": {"mu": TOP[0]}}, "levels: should be a list"),
        ({"levels": []}, "levels: should be a list"),
        ({"levels": [TOP, BOTTOM], "prior": [None]}, "prior: should be a list of 2, one for each level"),
        (
            {"levels": [TOP, BOTTOM], "prior": [PRIOR, None]},
            "levels: level 1 of 2: prior: its mu has",
        ),
        (
            {"levels": [TOP, (BOTTOM[0][:9], BOTTOM[1][:9])]},
            "levels: level 2 has 9 examples, and",
        ),
        ({"levels": [TOP], "mu": TOP[0]}, "levels: should come with prior= and labels= alone, not with mu"),
        ({"levels": [TOP], "axis": 1}, "levels: should come with .* not with axis"),
    ],
)
def test_mistakes_are_one_line(given: dict[str, Any], line: str) -> None:
    with pytest.raises(ValueError, match=f"^{line}"):
        uncollapse.diagnose(**given)
