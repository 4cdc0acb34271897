"""Where q(z) lies: its mean and standard deviation, and the factor that brings z to unit scale."""

from typing import Any

import torch
from torch import Tensor

from uncollapse.vae import Gaussian


def measure_scale(q: Gaussian, exists: Tensor | None = None) -> dict[str, Any]:
    """Return the fields `mean` and `std` (D,) of z ~ q(z) by dimension, and `scale_factor`, for q (N, D).

    The scale factor is 1 / the standard deviation of all values of z together, the `scaling_factor` of
    autoencoders for latent diffusion (Rombach et al. 2022, section G). Where `exists` (N, D) is False there
    is padding, which does not count.
    """
    there = torch.ones_like(q.mu) if exists is None else exists.to(q.mu)
    mean, variance = find_moments(q, there, 0)
    _, whole = find_moments(Gaussian(q.mu.flatten(), q.logvar.flatten()), there.flatten(), 0)
    scale = float(whole.sqrt())
    return {
        "mean": mean.numpy(),
        "std": variance.sqrt().numpy(),
        "scale_factor": 1 / scale if scale > 0 else float("inf"),
    }


def measure_channel_scale(q: Gaussian, exists: Tensor | None, channels: int) -> dict[str, Any]:
    """Return the fields `mean_per_channel` and `std_per_channel` of q (N, D), whose D stand by channel."""
    there = torch.ones_like(q.mu) if exists is None else exists.to(q.mu)
    mu, logvar, kept = [
        part.unflatten(1, (channels, -1)).transpose(1, 2).flatten(0, 1) for part in (q.mu, q.logvar, there)
    ]
    mean, variance = find_moments(Gaussian(mu, logvar), kept, 0)
    return {"mean_per_channel": mean.numpy(), "std_per_channel": variance.sqrt().numpy()}


def find_moments(q: Gaussian, there: Tensor, along: int) -> tuple[Tensor, Tensor]:
    """Return the mean and the variance of z along an axis, of the values where `there` is 1 and not 0."""
    count = there.sum(along)
    mean = (q.mu * there).sum(along) / count
    deviation = (q.mu - mean.unsqueeze(along)).square() + q.logvar.exp()
    return mean, (deviation * there).sum(along) / count
