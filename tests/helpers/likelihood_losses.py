"""-log p(x|z) of every value for many likelihoods, written with torch's own losses, with data for each."""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.distributions import Laplace, NegativeBinomial, Normal, Poisson
from torch.nn import functional

COUNT, VALUES, CLASSES = 12, 30, 7
STREAM = torch.Generator().manual_seed(3)


class LossCase(NamedTuple):
    """A likelihood as its users write it: the nats of every value (N, V), and an output and x for it."""

    likelihood: str
    nats: Callable[[Any, Tensor], Tensor]
    output: Any
    x: Tensor


def draw(*shape: int) -> Tensor:
    """Return standard normal numbers."""
    return torch.randn(shape, generator=STREAM)


def cross_entropy(output: Tensor, x: Tensor) -> Tensor:
    """Return the nats of tokens (N, V) for logits (N, V, K)."""
    return functional.cross_entropy(output.transpose(1, 2), x, reduction="none")


REAL, OTHER, TWO = draw(COUNT, VALUES), draw(COUNT, VALUES), draw(COUNT, VALUES, CLASSES)
COUNTS = torch.poisson(3 * torch.rand(COUNT, VALUES, generator=STREAM), generator=STREAM)
TOKENS = torch.randint(0, CLASSES, (COUNT, VALUES), generator=STREAM)
SHARES = torch.rand(COUNT, VALUES, generator=STREAM)
DISPERSION = 0.5 + 3 * torch.rand(VALUES, generator=STREAM)
CASES = {
    "squared errors": LossCase("gaussian", lambda o, x: (o - x).square() / 2, REAL, OTHER),
    "mean and scale": LossCase(
        "gaussian", lambda o, x: -Normal(*o).log_prob(x), (REAL, OTHER.exp()), draw(COUNT, VALUES)
    ),
    "mean and logvar": LossCase(
        "gaussian",
        lambda o, x: functional.gaussian_nll_loss(o["mean"], x, o["logvar"].exp(), reduction="none"),
        {"mean": REAL, "logvar": OTHER},
        draw(COUNT, VALUES),
    ),
    "one head of both": LossCase(
        "gaussian",
        lambda o, x: -Normal(o[:, :VALUES], o[:, VALUES:].exp()).log_prob(x),
        draw(COUNT, 2 * VALUES),
        OTHER,
    ),
    "logits": LossCase(
        "bernoulli",
        lambda o, x: functional.binary_cross_entropy_with_logits(o, x, reduction="none"),
        REAL,
        SHARES.round(),
    ),
    "probabilities": LossCase(
        "bernoulli",
        lambda o, x: functional.binary_cross_entropy(o, x, reduction="none"),
        REAL.sigmoid(),
        SHARES,
    ),
    "absolute errors": LossCase("laplace", lambda o, x: (o - x).abs(), REAL, OTHER),
    "median and scale": LossCase(
        "laplace", lambda o, x: -Laplace(*o).log_prob(x), [REAL, OTHER.exp()], draw(COUNT, VALUES)
    ),
    "rates": LossCase("poisson", lambda o, x: -Poisson(o).log_prob(x), REAL.exp(), COUNTS),
    "log rates": LossCase(
        "poisson", lambda o, x: functional.poisson_nll_loss(o, x, reduction="none"), REAL, COUNTS
    ),
    "tokens": LossCase("categorical", cross_entropy, TWO, TOKENS),
    "tokens, classes first": LossCase(
        "categorical", lambda o, x: cross_entropy(o.transpose(1, 2), x), TWO.transpose(1, 2), TOKENS
    ),
    "log-probabilities of tokens": LossCase(
        "categorical",
        lambda o, x: functional.nll_loss(o.transpose(1, 2), x, reduction="none"),
        TWO.log_softmax(-1),
        TOKENS,
    ),
    "one-hot": LossCase(
        "categorical",
        lambda o, x: -(x * o.log_softmax(-1)).sum(-1),
        TWO,
        functional.one_hot(TOKENS, CLASSES).float(),
    ),
    "Mult-VAE": LossCase("multinomial", lambda o, x: -x * o.log_softmax(1), REAL, COUNTS),
    "counts of mean and dispersion": LossCase(
        "negative_binomial",
        lambda o, x: -NegativeBinomial(o[1], logits=(o[0] / o[1]).log()).log_prob(x),
        (REAL.exp(), OTHER.exp()),
        COUNTS,
    ),
    "counts of total and logits": LossCase(
        "negative_binomial",
        lambda o, x: -NegativeBinomial(o[0], logits=o[1]).log_prob(x),
        (REAL.exp(), OTHER),
        COUNTS,
    ),
    "counts with a dispersion of each gene": LossCase(
        "negative_binomial",
        lambda o, x: -NegativeBinomial(DISPERSION, logits=(o / DISPERSION).log()).log_prob(x),
        REAL.exp(),
        COUNTS,
    ),
    "counts with logits and one dispersion": LossCase(
        "negative_binomial", lambda o, x: -NegativeBinomial(2.5, logits=o).log_prob(x), REAL, COUNTS
    ),
}
