"""Measures of a trained VAE, a file each, and what they share. All that is in nats says so."""

from collections.abc import Iterator

import torch
from torch import Tensor

from uncollapse.dataset import Part, to_tensor
from uncollapse.vae import VAE, Gaussian


@torch.no_grad()
def encode(vae: VAE, part: Part, size: int = 500) -> Gaussian:
    """q(z|x) of every example of a part, (N, D), in evaluation mode, on the CPU."""
    mode, device = vae.training, next(vae.parameters()).device
    vae.eval()
    found = [vae.encode(to_tensor(part.x[start : start + size], device)) for start in range(0, len(part), size)]
    vae.train(mode)
    return Gaussian(torch.cat([q.mu for q in found]).cpu(), torch.cat([q.logvar for q in found]).cpu())


def broken_laws(row: dict[str, float]) -> Iterator[str]:
    """The laws that a row of measures breaks, each as a line.

    0 <= mi <= kl, because KL(q(z)||p) = kl - mi is not negative, both up to four standard errors of mi; mi <= ln N, the cap of the
    estimate; nll <= -elbo, because log of a mean is not less than the mean of logs, up to four standard errors of elbo.
    """
    slack = 4 * row["mi_standard_error"] + 1e-3
    if not -slack <= row["mi"] <= row["kl"] + slack:
        yield f"0 <= mi <= kl: mi {row['mi']:.4f}, kl {row['kl']:.4f}, standard error {row['mi_standard_error']:.4f}"
    if not row["mi"] <= row["mi_cap"] + 1e-6:
        yield f"mi <= mi_cap: mi {row['mi']:.4f}, cap {row['mi_cap']:.4f}"
    if not row["nll"] <= -row["elbo"] + 4 * row["elbo_standard_error"] + 1e-3:
        yield f"nll <= -elbo: nll {row['nll']:.4f}, elbo {row['elbo']:.4f}"


def log_mean_exp(values: Tensor, dim: int) -> Tensor:
    """log of the mean of exp, along `dim`."""
    return values.logsumexp(dim) - torch.log(torch.tensor(values.shape[dim], dtype=values.dtype))
