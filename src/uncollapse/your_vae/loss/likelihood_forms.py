"""The likelihoods that have more than one form: -log p(x|z) in nats for each way to give their parameters.

The nats are those of every value. What does not depend on the output may be left out.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

Nats = Callable[[list[Tensor], Tensor], Tensor]


def find_optimal(dimensions: Callable[[Tensor], list[int]]) -> Nats:
    """Return the Gaussian of the optimal variance, the mean squared error: Rybkin et al. 2021, eq. 6."""

    def compute(o: list[Tensor], x: Tensor) -> Tensor:
        errors = (o[0] - x).square()
        means = errors.mean(dimensions(errors))
        return errors.numel() / means.numel() / 2 * means.log()

    return compute


def spread_gaussian(logvar: Callable[[Tensor], Tensor]) -> Nats:
    """Return the Gaussian with a variance from the decoder: Kingma and Welling 2014, appendix C.2."""
    return lambda o, x: ((o[0] - x).square() * (-logvar(o[1])).exp() + logvar(o[1])) / 2


def spread_laplace(log_scale: Callable[[Tensor], Tensor]) -> Nats:
    """Return the Laplace distribution with a scale from the decoder."""
    return lambda o, x: (o[0] - x).abs() * (-log_scale(o[1])).exp() + log_scale(o[1])


def count_classes(log_probabilities: Callable[[Tensor], Tensor]) -> Nats:
    """Return the categorical likelihood of whole numbers; a class that is not there does not count."""

    def compute(o: list[Tensor], x: Tensor) -> Tensor:
        inside = (x >= 0) & (x < o[0].shape[-1])
        index = torch.where(inside, x, torch.zeros_like(x)).long().unsqueeze(-1)
        return -log_probabilities(o[0]).gather(-1, index).squeeze(-1) * inside

    return compute


def spread_counts(parameters: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]) -> Nats:
    """Return the negative binomial of a mean and an inverse dispersion, as in scVI, Lopez et al. 2018."""

    def compute(o: list[Tensor], x: Tensor) -> Tensor:
        mean, inverse = parameters(*o)
        of_counts = torch.lgamma(inverse) - torch.lgamma(x + inverse)
        return of_counts - inverse * (inverse / (inverse + mean)).log() - x * (mean / (inverse + mean)).log()

    return compute


def find_dispersion(form: str) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
    """Return the function that finds the inverse dispersion r of a negative binomial, one or one a value.

    The gradient is linear in two unknowns: with logits it is a r sigmoid(o) - a x sigmoid(-o), and with the
    mean m it is a r (m - x) / (r + m), divided by m or not, so that (m - x) / gradient is 1 / a + m / (a r).
    """

    def find(gradient: Tensor, o: Tensor, x: Tensor) -> Tensor:
        if form == "logits":
            columns, target = (o.sigmoid(), -x * (-o).sigmoid()), gradient
        else:
            mean = o.exp() if form == "log_mean" else o
            target = mean - x if form == "log_mean" else 1 - x / mean
            columns = gradient, gradient * mean
        counted = (gradient != 0) & target.isfinite()
        one, other, target = [torch.where(counted, part, 0.0).double() for part in (*columns, target)]
        alike = solve_two(one, other, target, list(range(one.dim())))
        off = one * alike[0] + other * alike[1] - target
        both = alike if bool(off.norm() <= 1e-3 * target.norm()) else solve_two(one, other, target, [0])
        inverse = both[0] / both[1]
        inverse = torch.where(inverse > 0, inverse, math.nan)  # Too few examples, or another likelihood.
        return torch.where(counted.any(0), inverse, 1.0)

    return find


def solve_two(one: Tensor, other: Tensor, target: Tensor, over: list[int]) -> tuple[Tensor, Tensor]:
    """Return the factors with which two tensors add up to a third, by least squares over some dimensions."""
    of_one, of_other, both = (one * one).sum(over), (other * other).sum(over), (one * other).sum(over)
    to_one, to_other = (one * target).sum(over), (other * target).sum(over)
    determinant = of_one * of_other - both.square()
    return (to_one * of_other - to_other * both) / determinant, (
        to_other * of_one - to_one * both
    ) / determinant


def flatten_softmax(o: Tensor) -> Tensor:
    """Return the log-probabilities over all the values of an example."""
    return functional.log_softmax(o.flatten(1), 1).view_as(o)
