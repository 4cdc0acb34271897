"""Word dropout (Bowman et al. 2016, arXiv 1511.06349, section 3.1): the decoder reads unknown words in place of some of those
before the one that it predicts, so it has to ask z. A decoder that is not autoregressive reads nothing, and nothing changes."""

from typing import Annotated

import torch
from pydantic import Field

from uncollapse.data.prepared import END, UNKNOWN
from uncollapse.methods.perturbation import Perturbation, Reads, Step


def word_dropout(*, rate: Annotated[float, Field(ge=0, le=1)] = 0.25) -> Perturbation:
    """The decoder does not get to read each word with probability `rate`."""

    def perturb(reads: Reads, step: Step) -> Reads:
        x = reads.decoder
        if x.is_floating_point():
            return reads
        dropped = torch.rand(x.shape, generator=step.stream, device=x.device) < rate
        return reads._replace(decoder=torch.where(dropped & (x > END), UNKNOWN, x))

    return perturb
