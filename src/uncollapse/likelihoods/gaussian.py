"""Real pixels: x_i is output_i with Gaussian noise of a fixed variance. The larger it is, the more dimensions collapse (Lucas et al. 2019)."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import PositiveFloat
from torch import Tensor

from uncollapse.likelihoods import Likelihood


def gaussian(*, variance: PositiveFloat = 1.0) -> Likelihood:
    """Independent pixels; `output` holds means of x's shape; `variance` is in squares of x's unit (grey values are 0 to 1)."""

    def draw(x: NDArray[Any], stream: np.random.Generator) -> NDArray[Any]:
        return x

    def log_prob(x: Tensor, output: Tensor) -> Tensor:
        square = (x - output).square() / variance + math.log(2 * math.pi * variance)
        return -0.5 * square.flatten(1).sum(1)

    return Likelihood("images", draw, log_prob, units=len)
