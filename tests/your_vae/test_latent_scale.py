"""Where q(z) lies, and the scale factor of latent diffusion, beside the moments of samples of z."""

import math

import pytest
import torch

import uncollapse
from uncollapse.vae import Gaussian
from uncollapse.your_vae.latents.latent_scale import measure_scale


def test_the_scale_factor_of_an_autoencoder_for_latent_diffusion() -> None:
    """Maps (4, 25, 40) with means of another place in each channel, and narrow posteriors."""
    stream = torch.Generator().manual_seed(0)
    smooth = torch.nn.functional.avg_pool2d(torch.randn(200, 4, 29, 44, generator=stream), 5, 1)
    mu = 5 * smooth / smooth.std() + torch.tensor([2.0, 0, -1, 0]).view(1, 4, 1, 1)
    found = uncollapse.diagnose(mu, torch.full_like(mu, -20.0))
    assert found.scale_factor == pytest.approx(1 / float(mu.std()), rel=1e-5)
    assert found.scale_factor == pytest.approx(0.195, abs=0.001)
    channels = torch.from_numpy(found.mean).view(4, -1).mean(1)
    assert channels.numpy() == pytest.approx(mu.mean((0, 2, 3)).numpy(), abs=1e-5)
    for maps, axis in ((mu, 1), (mu.movedim(1, -1), -1)):
        by_channel = uncollapse.diagnose(maps, torch.full_like(maps, -20.0), axis=axis)
        assert by_channel.mean_per_channel == pytest.approx(mu.mean((0, 2, 3)).numpy(), abs=1e-5)
        assert by_channel.std_per_channel == pytest.approx(mu.std((0, 2, 3)).numpy(), rel=1e-4)
        assert by_channel.scale_factor == pytest.approx(found.scale_factor)


def test_mean_and_std_are_those_of_samples_of_z() -> None:
    stream = torch.Generator().manual_seed(0)
    mu = torch.randn(50, 3, generator=stream, dtype=torch.float64) * torch.tensor([3.0, 0.1, 0.0]) + 2
    q = Gaussian(mu, torch.randn(mu.shape, generator=stream, dtype=torch.float64))
    z = q.sample(torch.randn(20_000, 50, 3, generator=stream, dtype=torch.float64))
    found = measure_scale(q)
    assert found["mean"] == pytest.approx(z.mean((0, 1)).numpy(), abs=0.02)
    assert found["std"] == pytest.approx(z.flatten(0, 1).std(0).numpy(), rel=0.02)
    assert found["scale_factor"] == pytest.approx(1 / float(z.std()), rel=0.01)


def test_padding_does_not_count() -> None:
    stream = torch.Generator().manual_seed(0)
    q = Gaussian(*torch.randn(2, 60, 3, generator=stream, dtype=torch.float64))
    exists = torch.arange(60).unsqueeze(1) < torch.tensor([60, 20, 40])
    padded = Gaussian(torch.where(exists, q.mu, 100.0), torch.where(exists, q.logvar, 5.0))
    found = measure_scale(padded, exists)
    for dimension, count in enumerate((60, 20, 40)):
        alone = measure_scale(Gaussian(q.mu[:count, [dimension]], q.logvar[:count, [dimension]]))
        assert found["mean"][dimension] == pytest.approx(alone["mean"][0])
        assert found["std"][dimension] == pytest.approx(alone["std"][0])
    assert found["scale_factor"] == pytest.approx(measure_scale(q, exists)["scale_factor"])


def test_a_far_away_mean_does_not_cancel() -> None:
    q = Gaussian(torch.full((10, 2), 1e8, dtype=torch.float64), torch.zeros(10, 2, dtype=torch.float64))
    assert measure_scale(q)["scale_factor"] == pytest.approx(1.0)
    assert math.isfinite(uncollapse.diagnose(torch.zeros(10, 2), torch.zeros(10, 2)).scale_factor)
