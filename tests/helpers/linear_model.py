"""A linear Gaussian model whose decoder loses a known number of nats with a wrong z."""

import math
from typing import NamedTuple

import torch
from torch import Tensor


class LinearModel(NamedTuple):
    """x ~ N(0, W W' + s2 I), p(x|z) = N(W z, s2 I), and any q(z|x) = N(A x + b, v I)."""

    weight: Tensor  # (K, D)
    s2: float
    encoder: Tensor  # (D, K)
    shift: Tensor  # (D,)
    v: float

    def nll(self, x: Tensor, z: Tensor) -> Tensor:
        error = (x - z @ self.weight.T).square().sum(1) / self.s2
        return 0.5 * (error + self.weight.shape[0] * math.log(2 * math.pi * self.s2))

    def draw(self, count: int, seed: int) -> tuple[Tensor, Tensor]:
        """x and a z of each."""
        generator = torch.Generator().manual_seed(seed)
        values, latents = self.weight.shape
        source, noise = (
            torch.randn(count, latents, generator=generator),
            torch.randn(2, count, values, generator=generator),
        )
        x = source @ self.weight.T + math.sqrt(self.s2) * noise[0]
        return x, x @ self.encoder.T + self.shift + math.sqrt(self.v) * noise[1, :, :latents]

    def exact(self) -> tuple[float, float, float]:
        """-log p(x|z) with the own z; what is lost with the z of another example, and with a prior z."""
        covariance = self.weight @ self.weight.T + self.s2 * torch.eye(len(self.weight))
        passed = self.weight @ self.encoder
        rest = torch.eye(len(self.weight)) - passed
        spread = self.v * self.weight.square().sum()
        own = torch.trace(rest @ covariance @ rest.T) + (self.weight @ self.shift).square().sum() + spread
        prior = torch.trace(covariance) + self.weight.square().sum()
        nll = 0.5 * (own / self.s2 + len(self.weight) * math.log(2 * math.pi * self.s2))
        other = torch.trace(passed @ covariance) / self.s2
        return float(nll), float(other), float((prior - own) / (2 * self.s2))


def make_model(values: int, latents: int, *, scale: float = 1.0, exact: bool = True) -> LinearModel:
    """A model with its exact posterior, or with one that is too narrow, too weak and off centre."""
    generator = torch.Generator().manual_seed(7)
    weight = scale * torch.linalg.qr(torch.randn(values, latents, generator=generator)).Q
    s2 = 0.5
    encoder = weight.T / (scale**2 + s2)
    if exact:
        return LinearModel(weight, s2, encoder, torch.zeros(latents), s2 / (scale**2 + s2))
    return LinearModel(weight, s2, 0.6 * encoder, 0.3 * torch.arange(latents), 0.05)
