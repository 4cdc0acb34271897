"""What is said before training about data of the kind on which people's VAEs collapsed or got holes."""

import numpy as np
import pytest
import torch
from data_for_suggest import draw_frames, draw_strings, draw_windows

import uncollapse


def test_colour_frames_with_32_latents_get_a_variance_that_does_not_overshoot() -> None:
    x = draw_frames(800, side=32)
    at_one = uncollapse.predict(x, variance=1.0)
    assert at_one.alive == 10
    assert at_one.kl.sum() == pytest.approx(6.55, abs=0.05)  # Trained nets spent 5.95 to 6.64.
    learned = uncollapse.predict(x, latents=32)
    assert learned.variance == pytest.approx(0.0025, rel=0.03)
    found = uncollapse.suggest(x, latents=32)
    assert found.variance == pytest.approx(0.1, rel=0.05)  # Nets were healthy there, at the same error.
    assert found.kl < learned.kl.sum() / 2
    assert found.alive == 32


def test_windows_of_a_sensor_keep_all_six_latents() -> None:
    x = draw_windows(2000)[..., None]
    assert [uncollapse.predict(x, variance=variance).alive for variance in (24.0, 1.0)] == [0, 7]
    assert uncollapse.predict(x, latents=6).variance == pytest.approx(0.161, rel=0.02)
    found = uncollapse.suggest(x, latents=6)
    assert found.variance == pytest.approx(0.34, rel=0.02)
    assert found.alive == 6


def test_strings_get_the_entropy_of_their_kind_as_set_point() -> None:
    x = draw_strings(1000)
    found = uncollapse.suggest(x, latents=16, likelihood="categorical", mask=x != 0)
    _, counts = np.unique(x.numpy(), axis=0, return_counts=True)
    share = torch.tensor(counts / counts.sum())
    assert found.set_point == pytest.approx(float(-(share * share.log()).sum()), abs=0.2)
    assert found.set_point < found.kl
    assert found.beta < 1
