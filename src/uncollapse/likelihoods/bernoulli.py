"""Binary pixels: x_i is 1 with probability sigmoid(output_i), and a grey value g stands for a pixel that
is 1 with probability g / 255 (dynamic binarisation, Salakhutdinov & Murray 2008)."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from uncollapse.likelihoods import Likelihood


def bernoulli() -> Likelihood:
    """Independent pixels; `output` holds logits of x's shape."""

    def draw(grey: NDArray[Any], generator: np.random.Generator) -> NDArray[Any]:
        # one of 255 values at random is below g for g of them: exactly g / 255
        return np.where(generator.integers(0, 255, grey.shape, np.uint8) < grey, np.uint8(255), np.uint8(0))

    def log_prob(x: Tensor, output: Tensor) -> Tensor:
        return -binary_cross_entropy_with_logits(output, x, reduction="none").flatten(1).sum(1)

    def sample(output: Tensor, generator: torch.Generator) -> Tensor:
        chance = torch.rand(output.shape, generator=generator, device=output.device)
        return (chance < output.sigmoid()).to(output)

    return Likelihood("images", draw, log_prob, units=len, mean=torch.sigmoid, sample=sample)
