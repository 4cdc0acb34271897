"""Noise at the encoder's input (denoising VAE, Im et al. 2017, arXiv 1511.06406): it reads a corrupted example, the clean one is reconstructed."""

from typing import Annotated

import torch
from pydantic import Field, NonNegativeFloat

from uncollapse.data.prepared import END, UNKNOWN
from uncollapse.errors import UserError
from uncollapse.methods.perturbation import Perturbation, Reads, Step

Share = Annotated[float, Field(ge=0, le=1)]


def noise(*, sigma: NonNegativeFloat = 0.0, flip: Share = 0.0, drop: Share = 0.0) -> Perturbation:
    """Pixels: flip each with probability `flip`, for binary ones, and add a Gaussian of standard deviation `sigma`, for real ones.
    Words: put the unknown word in place of each with probability `drop`."""

    def perturb(reads: Reads, step: Step) -> Reads:
        if reads.embedded is not None:
            raise UserError("perturbation: noise should stand before adversarial, not behind it")
        x = reads.encoder
        chance = torch.rand(x.shape, generator=step.stream, device=x.device)
        if x.is_floating_point():
            x = torch.where(chance < flip, 1 - x, x)
            x = x + sigma * torch.randn(x.shape, generator=step.stream, device=x.device)
        else:
            x = torch.where((chance < drop) & (x > END), UNKNOWN, x)
        return reads._replace(encoder=x)

    return perturb
