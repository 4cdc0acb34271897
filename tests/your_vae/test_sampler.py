"""A sampler that draws what its KL charges for is never blamed, and every other is told what it draws."""

import math
import random
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor

import uncollapse
from uncollapse.your_vae.latents.draws import Draws, compare_draws
from uncollapse.your_vae.latents.sampler import check_sampler

STREAM = torch.Generator().manual_seed(0)
MU, LOGVAR = torch.randn(200, 8, generator=STREAM), torch.randn(200, 8, generator=STREAM) - 1


def sampler(spread: Callable[[Tensor], Tensor]) -> Callable[[Tensor, Tensor], Tensor]:
    """Return the reparameterisation with a standard deviation that is a function of logvar."""
    return lambda mu, logvar: mu + spread(logvar) * torch.randn_like(mu)


def right(mu: Tensor, logvar: Tensor) -> Tensor:
    """Return z as the KL charges for it."""
    return mu + (logvar / 2).exp() * torch.randn_like(mu)


RIGHT = {
    "torch": right,
    "singles": lambda mu, logvar: mu + (logvar / 2).exp() * torch.randn(mu.shape),
    "half": lambda mu, logvar: right(mu.half(), logvar.half()),
    "bfloat16": lambda mu, logvar: right(mu.bfloat16(), logvar.bfloat16()),
    "distribution": lambda mu, logvar: torch.distributions.Normal(mu, (logvar / 2).exp()).rsample(),
    "with the noise": lambda mu, logvar: (right(mu, logvar), None),
    "numpy": lambda mu, logvar: np.array(mu) + np.exp(np.array(logvar) / 2) * np.random.normal(size=mu.shape),
    "numpy only": lambda mu, logvar: np.random.normal(mu, np.exp(logvar.astype("f8") / 2)),
    "slower": lambda mu, logvar: torch.stack(
        [random.gauss(0, 1) * (v / 2).exp() + m for m, v in pairs(mu, logvar)]
    ).view(mu.shape),
}


def pairs(mu: Tensor, logvar: Tensor) -> list[tuple[Tensor, Tensor]]:
    """Return the values one by one."""
    return list(zip(mu.flatten(), logvar.flatten(), strict=True))


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_sampler_is_not_blamed(name: str) -> None:
    few = (MU[:2, :2], LOGVAR[:2, :2]) if name == "slower" else (MU, LOGVAR)
    assert check_sampler(RIGHT[name], *few) is None


@pytest.mark.parametrize("shape", [(50, 4, 5, 6), (20, 1), (3, 3000)])
@pytest.mark.parametrize("logvar", [-20.0, -12.0, 0.0, 4.0])
def test_no_shape_and_no_scale_is_blamed(shape: tuple[int, ...], logvar: float) -> None:
    mu = 5 * torch.randn(shape, generator=torch.Generator().manual_seed(1))
    assert check_sampler(right, mu, torch.full(shape, logvar)) is None


@pytest.mark.parametrize(
    ("sample", "words"),
    [
        (
            sampler(lambda logvar: 0.01 * (logvar / 2).exp()),
            "a standard deviation of 0.01 times the one that the KL charges for$",
        ),
        (sampler(lambda logvar: 0.95 * (logvar / 2).exp()), "a standard deviation of 0.95 times"),
        (
            sampler(torch.exp),
            r"a standard deviation of exp\(logvar\), while the KL charges for exp\(logvar / 2\)",
        ),
        (sampler(torch.ones_like), "a standard deviation of 1, whatever logvar is"),
        (sampler(lambda logvar: logvar), "a standard deviation of logvar, while"),
        (sampler(lambda logvar: (logvar / 4).exp()), "a standard deviation of 0.[0-9]+ to [0-9.]+ times"),
        (sampler(lambda logvar: (logvar.clamp(max=0) / 2).exp()), "a standard deviation of .* times"),
        (
            sampler(lambda logvar: (logvar / 2).exp() * (torch.arange(8) != 3)),
            "of 0 times .* in 1 of 8 dimensions, such as 3",
        ),
        (lambda mu, logvar: mu + (logvar / 2).exp() * torch.rand_like(mu), "of 0.29 times"),
        (lambda mu, logvar: mu, "returns mu without noise"),
        (lambda mu, logvar: mu + (logvar / 2).exp(), "draws no noise, and what it returns is not mu"),
        (
            lambda mu, logvar: mu + (logvar / 2).exp() * torch.randn(len(mu), 1),
            "28 of 28 pairs of dimensions correlated",
        ),
        (lambda mu, logvar: mu + (logvar / 2).exp() * torch.randn(8), "one noise for all examples"),
        (lambda mu, logvar: right(mu + 1, logvar), "draws z around .* whose mu is"),
        (lambda mu, logvar: right(0 * mu, logvar), "draws z around"),
        (lambda mu, logvar: mu * math.nan, "gives values that are NaN"),
    ],
)
def test_a_wrong_sampler_is_told_what_it_draws(
    sample: Callable[[Tensor, Tensor], Tensor], words: str
) -> None:
    found = check_sampler(sample, MU, LOGVAR)
    assert found is not None
    assert found.startswith("sample ")
    assert re.search(words, found), found


def test_global_random_numbers_stay_as_they_were_and_the_answer_is_the_same() -> None:
    def draw_some() -> tuple[float, float, float]:
        return random.random(), float(np.random.random()), float(torch.rand(()))

    torch.manual_seed(3)
    np.random.seed(3)
    random.seed(3)
    expected = draw_some()
    torch.manual_seed(3)
    np.random.seed(3)
    random.seed(3)
    first = check_sampler(sampler(lambda logvar: (logvar / 4).exp()), MU, LOGVAR)
    assert draw_some() == expected
    assert check_sampler(sampler(lambda logvar: (logvar / 4).exp()), MU, LOGVAR) == first


def test_a_false_alarm_has_a_probability_of_one_in_a_million() -> None:
    """The extremes of as many right draws as a million of tests see are within the thresholds, by their
    laws, and draws that are a little more extreme are not."""
    draws = Draws(np.random.default_rng(0).normal(size=(1, 1000, 1)), *np.zeros((3, 1, 1)))
    standard = (draws.z - draws.z.mean()) / draws.z.std(ddof=1)
    for tail, blamed in ((1e-6, False), (1e-8, True)):
        for quantile in (stats.chi2.ppf(tail, 999), stats.chi2.isf(tail, 999)):
            spread = math.sqrt(quantile / 999)
            assert (compare_draws(draws._replace(z=spread * standard)) is not None) == blamed
        shift = stats.t.isf(tail, 999) / math.sqrt(1000)
        assert (compare_draws(draws._replace(z=standard + shift)) is not None) == blamed


@pytest.mark.parametrize(
    ("sample", "line"),
    [
        (
            lambda mu, logvar: mu[:, :3],
            r"sample: should return z of the shape of mu, \(1000, 8\), not \(1000, 3\)",
        ),
        (lambda mu, logvar: mu + torch.randn(100, 8), "sample: fails on 1000 examples: The size of tensor a"),
        (lambda mu, logvar: None, "sample: should be an array of real numbers"),
        (lambda mu: mu, "sample: fails on 1000 examples: .* takes 1 positional argument"),
        ("z", "sample: should be a function of mu and logvar, not of str"),
    ],
)
def test_a_mistake_is_one_line(sample: Callable[[Tensor, Tensor], Tensor], line: str) -> None:
    with pytest.raises(ValueError, match=f"^{line}") as told:
        check_sampler(sample, MU, LOGVAR)
    assert "\n" not in str(told.value)


def test_a_diagnosis_doubts_a_sampler_that_draws_otherwise() -> None:
    mu, logvar = 0.1 * MU.view(200, 2, 4), 0.05 * LOGVAR.view(200, 2, 4)

    def little(mu: Tensor, logvar: Tensor) -> Tensor:
        assert mu.shape == logvar.shape == (1000, 2, 4)
        return mu + 0.01 * (logvar / 2).exp() * torch.randn_like(mu)

    assert uncollapse.diagnose(mu, logvar).verdict.startswith("collapsed; an example is taken to have")
    assert uncollapse.diagnose(mu, logvar, sample=right).verdict.startswith("collapsed; ")
    little_found = uncollapse.diagnose(mu, logvar, sample=little)
    assert little_found.verdict.removesuffix(f"; {little_found.note}") == (
        "in doubt: sample draws a standard deviation of 0.01 times the one that the KL charges for; hand "
        "over the mean and the standard deviation of what is sampled"
    )
    sampled = uncollapse.diagnose(mu, std=0.01 * (logvar / 2).exp())
    assert sampled.mi > 4


def test_the_sampler_of_the_diagnosis_page_gets_the_doubt_below_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    page = (Path(__file__).parent.parent.parent / "docs/diagnosis.md").read_text()
    [(code, output)] = re.findall(r"```python\n(def sample.*?)```\n\n```\n(.*?)```", page, re.DOTALL)
    exec(code, {"torch": torch, "uncollapse": uncollapse, "mu": MU, "logvar": LOGVAR})
    assert capsys.readouterr().out == output
