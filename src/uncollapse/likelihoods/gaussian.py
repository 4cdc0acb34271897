"""Pixels are real: x_i is the decoder's output_i with Gaussian noise of one variance.

The larger the variance is, the more dimensions collapse; fixed too large it is a cause of collapse by itself
(Lucas et al. 2019, arXiv 1911.02469, section 4).
"""

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import PositiveFloat
from torch import Tensor, nn

from uncollapse.likelihoods import Likelihood


class Variance(nn.Module):
    """A module that adds the logarithm of a learned variance to the output."""

    def __init__(self, start: float) -> None:
        super().__init__()
        self.start = math.log(start)
        self.log_variance = nn.Parameter(torch.empty(()))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Go back to the start."""
        nn.init.constant_(self.log_variance, self.start)

    def forward(self, output: Tensor) -> tuple[Tensor, Tensor]:
        """Return the output and the logarithm of the variance."""
        return output, self.log_variance


def gaussian(*, variance: PositiveFloat = 1.0, learned: bool = False) -> Likelihood:
    """Return independent real pixels; `output` holds means of x's shape.

    `variance` is in squares of x's unit (grey values are 0 to 1): it is fixed, or where learning starts.
    """
    fixed = torch.tensor(math.log(variance))

    def split(output: Any) -> tuple[Tensor, Tensor]:
        return output if learned else (output, fixed.to(output))

    def log_prob(x: Tensor, output: Any) -> Tensor:
        mean, log_variance = split(output)
        square = (x - mean).square() * (-log_variance).exp() + log_variance + math.log(2 * math.pi)
        return -0.5 * square.flatten(1).sum(1)

    def sample(output: Any, generator: torch.Generator) -> Tensor:
        mean, log_variance = split(output)
        return mean + (0.5 * log_variance).exp() * torch.randn(
            mean.shape, generator=generator, device=mean.device
        )

    def draw(x: NDArray[Any], generator: np.random.Generator) -> NDArray[Any]:
        return x

    scale = (lambda: Variance(variance)) if learned else nn.Identity
    return Likelihood(
        "images", draw, log_prob, len, lambda output: split(output)[0], sample, scale, real=True
    )
