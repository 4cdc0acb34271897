"""The encoder reads a corrupted example, and the clean one is reconstructed.

This is the denoising VAE of Im et al. 2017, arXiv 1511.06406.
"""

from typing import Annotated

import torch
from pydantic import Field, NonNegativeFloat

from uncollapse.data.part import END, UNKNOWN
from uncollapse.errors import UserError
from uncollapse.methods.perturbation import Context, Inputs, Perturbation

Share = Annotated[float, Field(ge=0, le=1)]


def noise(*, sigma: NonNegativeFloat = 0.0, flip: Share = 0.0, drop: Share = 0.0) -> Perturbation:
    """Return noise at the encoder's input: `flip` and `sigma` act on pixels, `drop` acts on words.

    Binary pixels are flipped with probability `flip`; a Gaussian of standard deviation `sigma` is added to
    real ones. A word becomes the unknown word with probability `drop`. Raises UserError behind `adversarial`.
    """

    def perturb(inputs: Inputs, context: Context) -> Inputs:
        if inputs.embedded is not None:
            raise UserError("perturbation: noise should stand before adversarial, not behind it")
        x, generator = inputs.encoder, context.generator
        uniform = torch.rand(x.shape, generator=generator, device=x.device)
        if x.is_floating_point():
            x = torch.where(uniform < flip, 1 - x, x)
            x = x + sigma * torch.randn(x.shape, generator=generator, device=x.device, dtype=x.dtype)
        else:
            x = torch.where((uniform < drop) & (x > END), UNKNOWN, x)
        return inputs._replace(encoder=x)

    return Perturbation(perturb, reads_words=drop > 0)
