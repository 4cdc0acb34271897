"""Pixels are real, with Gaussian noise of the variance that is best for each batch.

sigma-VAE (Rybkin, Daniilidis & Levine 2021, arXiv 2006.13202: "optimal sigma").

    sigma^2 = mean over examples and pixels of (x - output)^2,    which maximises log p(x|z) in sigma

So it needs no weight between reconstruction and KL, and no learning rate. No gradient goes through it: where
a function is at its best in sigma, sigma adds nothing to the gradient of the others. For data that are not
trained on it is the mean of the last batches of training, so that no likelihood depends on what else is in
its batch.
"""

from typing import Any

import torch
from pydantic import PositiveFloat
from torch import Tensor, nn

from uncollapse.likelihoods import Likelihood
from uncollapse.likelihoods.gaussian import gaussian

DECAY = 0.9  # The mean over batches reaches back over about ten of them.


class Optimal(nn.Module):
    """A module that returns (output, itself), so that the likelihood can ask it for the variance."""

    mean: Tensor
    batches: Tensor

    def __init__(self, floor: float) -> None:
        super().__init__()
        self.floor = floor
        self.register_buffer("mean", torch.ones(()))
        self.register_buffer("batches", torch.zeros(()))

    def forward(self, output: Tensor) -> tuple[Tensor, "Optimal"]:
        """Return the output and this module."""
        return output, self

    def variance(self, error: Tensor) -> Tensor:
        """Return the variance of a batch of errors; without training, the mean of the last batches."""
        if self.training:
            with torch.no_grad():
                best = error.square().mean().clamp(min=self.floor)
                self.batches += 1
                self.mean += (best - self.mean) * max(1 - DECAY, 1 / float(self.batches))
            return best
        return self.mean


def optimal_gaussian(*, floor: PositiveFloat = 1e-6) -> Likelihood:
    """Return independent real pixels whose variance is never less than `floor`.

    `output` holds means of x's shape; `floor` is in squares of x's unit (grey values are 0 to 1).
    """
    learned = gaussian(learned=True)

    def log_prob(x: Tensor, output: Any) -> Tensor:
        mean, scale = output
        known: Any = mean, scale.variance(x - mean).log()
        return learned.log_prob(x, known)

    def sample(output: Any, generator: torch.Generator) -> Tensor:
        mean, scale = output
        known: Any = mean, scale.mean.log()
        return learned.sample(known, generator)

    return learned._replace(log_prob=log_prob, sample=sample, scale=lambda: Optimal(floor))
