"""Pixels are binary: x_i is 1 with probability sigmoid(output_i).

A grey value g stands for a pixel that is 1 with probability g / 255 (dynamic binarisation, Salakhutdinov &
Murray 2008).
"""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import logsigmoid

from uncollapse.likelihoods import Likelihood


class LogProb(torch.autograd.Function):
    """The log-probability of binary x, with a gradient in one piece.

    log p(x|output) = sum_i x_i output_i - log(1 + exp output_i); its gradient is x - sigmoid(output). torch's
    binary cross-entropy would go through the pixels three times as often.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, output: Tensor) -> Tensor:
        """Return the log-probability (B,) of x for output, both (B, pixels)."""
        ctx.save_for_backward(x, output)
        return logsigmoid(output).sum(1) - torch.linalg.vecdot(1 - x, output)

    @staticmethod
    # pyrefly: ignore [bad-override]
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """Return the gradient in output, (B, pixels)."""
        x, output = ctx.saved_tensors
        return None, (x - output.sigmoid()).mul_(grad_outputs[0].unsqueeze(1))


def bernoulli() -> Likelihood:
    """Return independent binary pixels; `output` holds logits of x's shape."""

    def draw(grey: NDArray[Any], generator: np.random.Generator) -> NDArray[Any]:
        # A random one of 255 values is below g with probability g / 255 exactly.
        return (generator.integers(0, 255, grey.shape, np.uint8) < grey) * np.uint8(255)

    def log_prob(x: Tensor, output: Tensor) -> Tensor:
        return LogProb.apply(x.flatten(1), output.flatten(1))

    def sample(output: Tensor, generator: torch.Generator) -> Tensor:
        chance = torch.rand(output.shape, generator=generator, device=output.device)
        return (chance < output.sigmoid()).to(output)

    return Likelihood("images", draw, log_prob, units=len, mean=torch.sigmoid, sample=sample)
