"""Losses of well-known projects, as their formulas, and batches for them."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

VALUES, LATENTS = 784, 20
Loss = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]


def batch(
    count: int = 16, values: int = VALUES, latents: int = LATENTS, *, probabilities: bool = False
) -> Any:
    """output, x in [0, 1], mu and logvar."""
    generator = torch.Generator().manual_seed(count + values)
    output = torch.randn(count, values, generator=generator)
    x = torch.rand(count, values, generator=generator)
    mu, logvar = torch.randn(2, count, latents, generator=generator)
    return output.sigmoid() if probabilities else output, x, mu, logvar


def kl(mu: Tensor, logvar: Tensor) -> Tensor:
    """Of every latent."""
    return -0.5 * (1 + logvar - mu**2 - logvar.exp())


def pytorch_example(output: Tensor, x: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
    """pytorch/examples, vae: both are sums."""
    return functional.binary_cross_entropy(output, x, reduction="sum") + kl(mu, logvar).sum()


def pytorch_vae(output: Tensor, x: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
    """PyTorch-VAE, vanilla_vae with its kld_weight of 0.00025: the errors are averaged over the values."""
    return functional.mse_loss(output, x) + 0.00025 * kl(mu, logvar).sum(1).mean()


def pythae(output: Tensor, x: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
    """pythae, VAE with "mse"."""
    errors = 0.5 * functional.mse_loss(output, x, reduction="none").sum(-1)
    return (errors + kl(mu, logvar).sum(-1)).mean(0)


def disentangling(output: Tensor, x: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
    """disentangling-vae, "gaussian", a beta-VAE with 4: errors of grey values, over 255."""
    errors = functional.mse_loss(output * 255, x * 255, reduction="sum") / 255 / len(x)
    return errors + 4 * kl(mu, logvar).mean(0).sum()


def disentangling_bernoulli(output: Tensor, x: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
    """disentangling-vae, "bernoulli", a beta-VAE with 4."""
    entropy = functional.binary_cross_entropy(output, x, reduction="sum") / len(x)
    return entropy + 4 * kl(mu, logvar).mean(0).sum()


def autoencoder_kl(output: Tensor, x: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
    """diffusers, the training script of AutoencoderKL with squared errors and without its other losses."""
    errors = functional.mse_loss(output, x, reduction="none")
    return errors.sum() / len(x) + 1e-6 * kl(mu, logvar).sum() / len(x)


def averaged(output: Tensor, x: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
    """A mean over pixels beside a sum over latents."""
    entropy = functional.binary_cross_entropy_with_logits(output, x)
    return entropy + kl(mu, logvar).sum(1).mean()
