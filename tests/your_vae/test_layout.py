"""Which channels and steps of sequences and maps are alive, with padding that counts nowhere."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import uncollapse
from uncollapse.measures.collapse import find_thresholds
from uncollapse.your_vae.latents.diagnosis import Diagnosis
from uncollapse.your_vae.latents.layout import find_thresholds_where

COUNT, CHANNELS, STEPS = 400, 16, 12
GENERATOR = torch.Generator().manual_seed(0)
NARROW = math.log(1 - 0.95**2)
SHAPE = COUNT, CHANNELS, STEPS


def draw(*shape: int) -> Tensor:
    """Draw standard normal numbers."""
    return torch.randn(shape, generator=GENERATOR)


def make(channels: int, steps: int) -> tuple[Tensor, Tensor]:
    """Return latents (N, C, T) of which the first channels are alive at the first steps."""
    mu, logvar = torch.zeros(SHAPE), torch.zeros(SHAPE)
    mu[:, :channels, :steps] = 0.95 * draw(COUNT, channels, steps)
    logvar[:, :channels, :steps] = NARROW
    return mu, logvar


def agree(one: Diagnosis, other: Diagnosis) -> bool:
    """Return whether two diagnoses agree up to rounding."""
    for name, value in other.as_dict().items():
        exact = value is None or isinstance(value, str)
        assert one.as_dict()[name] == (value if exact else pytest.approx(value, rel=1e-9, abs=1e-12))
    return True


LENGTHS = torch.arange(COUNT) % (STEPS - 2) + 2
MASK = torch.arange(STEPS) < LENGTHS[:, None]


@pytest.mark.parametrize(
    ("channels", "steps", "words"),
    [
        (4, STEPS, "partly collapsed: 4 of 16 channels carry 100 % of the KL"),
        (CHANNELS, 1, "partly collapsed after step 0: 1 of 12 steps carries 100 % of the KL"),
        (4, 3, "partly collapsed after step 2: 4 of 16 channels at 3 of 12 steps carry 100 % of the KL"),
        (1, STEPS, "partly collapsed: 1 of 16 channels carries 100 % of the KL"),
        (CHANNELS, STEPS, "healthy"),
    ],
)
def test_the_words_count_channels_and_steps(channels: int, steps: int, words: str) -> None:
    mu, logvar = make(channels, steps)
    found = uncollapse.diagnose(mu, logvar, axis=1)
    assert found.verdict == words
    turned = uncollapse.diagnose(mu.transpose(1, 2), logvar.transpose(1, 2), axis=-1)
    assert agree(turned, found)
    kl = 0.5 * (mu.double() ** 2 + logvar.double().exp() - 1 - logvar.double())
    assert found.kl_per_channel == pytest.approx(kl.mean((0, 2)).numpy(), abs=1e-9)
    assert found.kl_per_step == pytest.approx(kl.mean(0).sum(0).numpy(), abs=1e-9)
    assert found.alive_channels.tolist() == [channel < channels for channel in range(CHANNELS)]
    assert found.alive_steps.tolist() == [step < steps for step in range(STEPS)]
    vector = uncollapse.diagnose(mu.flatten(1), var=logvar.exp().flatten(1)) if steps > 1 else None
    assert vector is None or found.kl == pytest.approx(vector.kl, rel=1e-6)


def test_smooth_sequences_answer_the_channels_before_the_holes() -> None:
    smooth = draw(COUNT, 4, STEPS + 40).unfold(2, 41, 1).mean(3)
    mu, logvar = make(4, STEPS)
    mu[:, :4] = 0.95 * smooth / smooth.std()
    words = uncollapse.diagnose(mu, logvar, axis=1).verdict
    assert words.startswith("partly collapsed: 4 of 16 channels carry 100 % of the KL; and holes: q(z) is ")


def test_maps_count_places() -> None:
    mu, logvar = make(4, STEPS)
    maps = [values.view(COUNT, CHANNELS, 3, 4) for values in (mu, logvar)]
    found = uncollapse.diagnose(*maps, axis=1)
    assert found.verdict.startswith("partly collapsed: 4 of 16 channels carry")
    assert found.kl_per_step.shape == found.alive_steps.shape == (3, 4)
    mu[:, :, 5:], logvar[:, :, 5:] = 0, 0
    assert "4 of 16 channels at 5 of 12 places carry" in uncollapse.diagnose(*maps, axis=1).verdict


@pytest.mark.parametrize("garbage", [0.0, 7.0])
def test_padding_counts_nowhere(garbage: float) -> None:
    mu, logvar = make(4, STEPS)
    padded = ~MASK.unsqueeze(1).expand(SHAPE)
    mu[padded], logvar[padded] = garbage, garbage
    found = uncollapse.diagnose(mu, logvar, axis=1, mask=MASK)
    assert found.verdict == "partly collapsed: 4 of 16 channels carry 100 % of the KL"
    kl = (0.5 * (mu.double() ** 2 + logvar.double().exp() - 1 - logvar.double())).masked_fill(padded, 0)
    assert found.kl == pytest.approx(float(kl.sum((1, 2)).mean()), rel=1e-9)
    # The last step belongs to nobody and is left out.
    assert found.kl_per_step.shape == (STEPS - 1,)
    each = kl.sum((0, 1)) / MASK.sum(0)
    assert found.kl_per_step == pytest.approx(each[:-1].numpy(), rel=1e-9)
    assert found.kl_per_channel == pytest.approx((kl.sum((0, 2)) / MASK.sum()).numpy(), abs=1e-9)
    there = find_thresholds(kl[MASK[:, 7], 0, 7].unsqueeze(1), delta=0.01)
    assert found.collapse_thresholds.reshape(CHANNELS, -1)[0, 7] == pytest.approx(float(there), rel=1e-9)
    for mask in (MASK.numpy(), MASK.int(), MASK[:, None], MASK.unsqueeze(1).expand(SHAPE), MASK.split(70)):
        assert uncollapse.diagnose(mu, logvar, axis=1, mask=mask).as_dict() == found.as_dict()
    assert uncollapse.diagnose(mu, logvar, mask=MASK).as_dict() == found.as_dict()
    own = uncollapse.diagnose(
        mu + 1, logvar, axis=1, mask=MASK, prior=(torch.ones(SHAPE[1:]), torch.tensor(0.0))
    )
    assert own.kl == pytest.approx(found.kl, rel=1e-5)


def test_a_mask_that_marks_the_padding_is_in_doubt() -> None:
    mu, logvar = make(4, STEPS)
    padded = ~MASK.unsqueeze(1).expand(SHAPE)
    mu[padded], logvar[padded] = 0, 0
    wrong = ~MASK
    wrong[:, -1] = True
    found = uncollapse.diagnose(mu, logvar, axis=1, mask=wrong)
    assert found.verdict.startswith("in doubt: the entries that mask leaves out have a KL")


def test_thresholds_of_columns_that_some_examples_lack() -> None:
    kl = draw(500, 3).double().square()
    exists = torch.rand(500, 3, generator=GENERATOR) < torch.tensor([1.0, 0.5, 0.02])
    found = find_thresholds_where(kl.where(exists, 1e9), exists, 0.01)
    own = [find_thresholds(kl[exists[:, i], i : i + 1], delta=0.01) for i in range(3)]
    assert torch.equal(found, torch.cat(own))


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"axis": 0}, r"axis: should be that of the channels in latents \(400, 16, 12\), 1 to 2, not 0"),
        ({"axis": 3}, "axis: should be that of the channels"),
        ({"axis": "channels"}, "axis: should be a whole number, not 'channels'"),
        ({"mask": MASK[:10]}, "axis: should say which axis of the latents"),
        ({"axis": 1, "mask": MASK[:10]}, r"mask: should have the shape \(400, 12\)"),
        ({"axis": 1, "mask": LENGTHS}, "mask: should be True where a step exists"),
        ({"axis": 1, "mask": MASK & (LENGTHS > 2)[:, None]}, "mask: 40 of 400 examples have no step"),
        ({"axis": 1, "mask": np.array(["yes"])}, "mask: should be True where a step exists"),
        (
            {"axis": 1, "mask": torch.rand(SHAPE, generator=GENERATOR) > 0.5},
            "mask: should be the same for all",
        ),
        ({"mask": MASK, "prior": lambda z: -z.flatten(1).square().sum(1)}, "mask: needs a Gaussian prior"),
    ],
)
def test_mistakes_are_one_line(given: dict[str, Any], line: str) -> None:
    with pytest.raises(ValueError, match=f"^{line}"):
        uncollapse.diagnose(*make(4, STEPS), **given)


@pytest.mark.parametrize("spread", ["logvar", "std"])
def test_padding_may_be_nan(spread: str) -> None:
    generator = torch.Generator().manual_seed(0)
    mu, logvar = torch.randn(2, 300, 5, 4, generator=generator)
    mask = torch.arange(5) < torch.randint(1, 6, (300, 1), generator=generator)
    whole = {"logvar": logvar, "std": (logvar / 2).exp()}[spread]
    expected = uncollapse.diagnose(mu, **{spread: whole}, axis=2, mask=mask)
    padded = [torch.where(mask.unsqueeze(2), values, math.nan) for values in (mu, whole)]
    found = uncollapse.diagnose(padded[0], **{spread: padded[1]}, axis=2, mask=mask)
    assert found.kl == pytest.approx(expected.kl, rel=1e-12)
    assert found.verdict == expected.verdict
    padded[0][0, 0] = math.nan
    with pytest.raises(ValueError, match=r"^mu: 4 of 6000 values are NaN"):
        uncollapse.diagnose(padded[0], **{spread: padded[1]}, axis=2, mask=mask)
