"""Word dropout (Bowman et al. 2016, arXiv 1511.06349, section 3.1): the decoder reads unknown words in
place of some of those before the one that it predicts, so it needs z. A decoder that is not
autoregressive reads nothing, and nothing changes."""

from typing import Annotated

import torch
from pydantic import Field

from uncollapse.data.part import END, UNKNOWN
from uncollapse.methods.perturbation import Context, Inputs, Perturbation


def word_dropout(*, rate: Annotated[float, Field(ge=0, le=1)] = 0.25) -> Perturbation:
    """The decoder reads the unknown word in place of each word with probability `rate`."""

    def perturb(inputs: Inputs, context: Context) -> Inputs:
        x = inputs.decoder
        if x.is_floating_point():
            return inputs
        dropped = torch.rand(x.shape, generator=context.generator, device=x.device) < rate
        return inputs._replace(decoder=torch.where(dropped & (x > END), UNKNOWN, x))

    return perturb
