"""The decoder reads unknown words in place of some words before the one it predicts, so it needs z.

Word dropout (Bowman et al. 2016, arXiv 1511.06349, section 3.1). A decoder that is not autoregressive reads
nothing, and nothing changes.
"""

from typing import Annotated

import torch
from pydantic import Field

from uncollapse.data.part import END, UNKNOWN
from uncollapse.methods.perturbation import Context, Inputs, Perturbation


def word_dropout(*, rate: Annotated[float, Field(ge=0, le=1)] = 0.25) -> Perturbation:
    """Return a dropout that replaces each word that the decoder reads with probability `rate`."""

    def perturb(inputs: Inputs, context: Context) -> Inputs:
        x = inputs.decoder
        if x.is_floating_point():
            return inputs
        dropped = torch.rand(x.shape, generator=context.generator, device=x.device) < rate
        return inputs._replace(decoder=torch.where(dropped & (x > END), UNKNOWN, x))

    return Perturbation(perturb, reads_words=True)
