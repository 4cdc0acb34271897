"""The maximum mean discrepancy of q(z) takes the place of (a part of) the KL.

InfoVAE (Zhao et al. 2017, arXiv 1706.02262, eq. 6): reconstruction + (1 - alpha) KL(q(z|x)||p) + (alpha +
lambda - 1) MMD(q(z), p); with alpha = 1 the MMD-VAE. WAE-MMD (Tolstikhin et al. 2018, arXiv 1711.01558,
algorithm 2): reconstruction + lambda MMD(q(z), p), inverse multiquadric kernel.

    MMD = mean_{i != j} k(z_i, z_j) + mean_{i != j} k(p_i, p_j) - 2 mean_{i, j} k(z_i, p_j)

of samples z of q(z) and p of the prior: unbiased (Gretton et al. 2012, eq. 3).
"""

from typing import Annotated, Literal

import torch
from pydantic import Field, NonNegativeFloat
from torch import Tensor

from uncollapse.methods.divergence import Divergence
from uncollapse.vae import VAE, Gaussian


def mmd(
    *,
    alpha: Annotated[float, Field(le=1)] = 1.0,
    weight: NonNegativeFloat = 10.0,
    kernel: Literal["gaussian", "imq"] = "imq",
) -> Divergence:
    """Return 1 - `alpha` of the KL and `weight` times the MMD between batches z and p of two or more.

    Kernels of the squared distance d and dimension D: gaussian exp(-d / (2 D)), imq sum_s s C / (s C + d)
    with C = 2 D, the expected d / 2 under the prior, and s from 0.1 to 10, as in the WAE's code.
    """

    def values(a: Tensor, b: Tensor) -> Tensor:
        distance = torch.cdist(a, b, compute_mode="donot_use_mm_for_euclid_dist").square()
        if kernel == "gaussian":
            return (-distance / (2 * a.shape[1])).exp()
        scales = [2 * a.shape[1] * scale for scale in (0.1, 0.2, 0.5, 1, 2, 5, 10)]
        return torch.stack([scale / (scale + distance) for scale in scales]).sum(0)

    def within(a: Tensor) -> Tensor:
        pairs = values(a, a)
        return (pairs.sum() - pairs.diagonal().sum()) / (len(a) * (len(a) - 1))

    def penalty(vae: VAE, x: Tensor, q: Gaussian, z: Tensor, noise: Tensor) -> Tensor:
        return weight * (within(z) + within(noise) - 2 * values(z, noise).mean())

    return Divergence(1 - alpha, penalty)
