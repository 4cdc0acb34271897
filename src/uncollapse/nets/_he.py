"""Layers with the initial weights of He et al. 2015 (arXiv 1502.01852, eq. 10), for nets of ReLUs.

    W ~ N(0, 2 / n) where a unit sums n values, b = 0

So signals keep their scale through any number of layers. Torch's default weights have a variance of 1 / (3
n), and a ReLU halves the square of a signal: a layer passes on a sixth of it. Below four such layers hardly
anything of z is left when training begins, and dimensions die early that skip connections then save: see
docs/validity.md.
"""

import math

from torch import nn


class Linear(nn.Linear):
    """A linear layer."""

    def reset_parameters(self) -> None:
        """Draw new initial weights."""
        draw_weights(self, self.in_features)


class Conv2d(nn.Conv2d):
    """A convolution."""

    def reset_parameters(self) -> None:
        """Draw new initial weights."""
        draw_weights(self, self.in_channels * math.prod(self.kernel_size))


class ConvTranspose2d(nn.ConvTranspose2d):
    """A transposed convolution."""

    def reset_parameters(self) -> None:
        """Draw new initial weights."""
        draw_weights(self, self.in_channels * math.prod(self.kernel_size) / math.prod(self.stride))


def draw_weights(layer: nn.Linear | nn.Conv2d | nn.ConvTranspose2d, inputs: float) -> None:
    """Draw new initial weights for a layer whose units sum `inputs` values."""
    nn.init.normal_(layer.weight, std=math.sqrt(2 / inputs))
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
