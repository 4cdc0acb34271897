"""The likelihoods that the audit knows: -log p(x|z) in nats, as a function of what the decoder gave.

A likelihood is a function of the output's tensors and of x. It returns the nats of every value, or of every
example; constants in the output may be left out, as only the gradient in the output is compared. Each entry
of KNOWN_LIKELIHOODS is one way to write a likelihood, so a likelihood may have several entries.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from uncollapse.your_vae.loss.likelihood_forms import (
    Nats,
    count_classes,
    find_dispersion,
    find_optimal,
    flatten_softmax,
    spread_counts,
    spread_gaussian,
    spread_laplace,
)

EVERYWHERE = (-math.inf, math.inf)
COUNTS = (0.0, math.inf)
UNIT_INTERVAL = (0.0, 1.0)


class KnownLikelihood(NamedTuple):
    """A likelihood in one way to write it.

    `layout` says how the output lies beside x: in the "same" shape, as a "pair" of tensors or with "classes".
    Outside of `support` x has no such likelihood, and outside of `outputs` the output is no such parameter.
    A `parameter` that the output does not have is found from the gradient in the output, the output and x.
    """

    key: str
    output_is: str
    name: str
    nats: Nats
    layout: str = "same"
    support: tuple[float, float] = EVERYWHERE
    outputs: tuple[float, float] = EVERYWHERE
    parameter: Callable[[Tensor, Tensor, Tensor], Tensor] | None = None


MEAN_GAUSSIAN = "a Gaussian of mean `output`"
LAPLACE = "a Laplace distribution of scale 1 (absolute errors)"
OPTIMAL = "a Gaussian with the optimal variance (Rybkin et al. 2021)"
BERNOULLI, POISSON, NEGATIVE = "a Bernoulli with", "a Poisson with", "a negative binomial of output"
GAUSSIANS = [
    KnownLikelihood("gaussian", "", MEAN_GAUSSIAN, lambda o, x: (o[0] - x).square() / 2),
    KnownLikelihood("gaussian", "", f"{OPTIMAL} of the batch", find_optimal(lambda e: list(range(e.dim())))),
    KnownLikelihood(
        "gaussian", "", f"{OPTIMAL} of an example", find_optimal(lambda e: list(range(1, e.dim())))
    ),
    KnownLikelihood("gaussian", "", f"{OPTIMAL} of a value", find_optimal(lambda e: [0])),
    *[
        KnownLikelihood("gaussian", "", f"a Gaussian of output (mean, {spread})", spread_gaussian(to), "pair")
        for spread, to in {
            "logvar": lambda s: s,
            "variance": torch.log,
            "standard deviation": lambda s: 2 * s.log(),
            "log of the standard deviation": lambda s: 2 * s,
        }.items()
    ],
]
LAPLACES = [
    KnownLikelihood("laplace", "", LAPLACE, lambda o, x: (o[0] - x).abs()),
    *[
        KnownLikelihood("laplace", "", f"a Laplace of output (median, {spread})", spread_laplace(to), "pair")
        for spread, to in {"scale": torch.log, "log of the scale": lambda s: s}.items()
    ],
]
BERNOULLIS = [
    KnownLikelihood("bernoulli", form, f"{BERNOULLI} {form}", nats, support=UNIT_INTERVAL, outputs=where)
    for form, where, nats in (
        ("logits", EVERYWHERE, lambda o, x: functional.softplus(o[0]) - x * o[0]),
        ("probabilities", UNIT_INTERVAL, lambda o, x: -x * o[0].log() - (1 - x) * (-o[0]).log1p()),
    )
]
POISSONS = [
    KnownLikelihood(
        "poisson", form, f"{POISSON} {form.replace('_', ' ')}s", nats, support=COUNTS, outputs=where
    )
    for form, where, nats in (
        ("log_rate", EVERYWHERE, lambda o, x: o[0].exp() - x * o[0]),
        ("rate", COUNTS, lambda o, x: o[0] - x * o[0].log()),
    )
]
CLASSES = [
    KnownLikelihood(
        "categorical",
        form,
        f"a categorical with {form.replace('_', '-')}",
        count_classes(to),
        "classes",
        outputs=where,
    )
    for form, where, to in (
        ("logits", EVERYWHERE, lambda o: functional.log_softmax(o, -1)),
        ("log_probabilities", EVERYWHERE, lambda o: o),
        ("probabilities", UNIT_INTERVAL, torch.log),
    )
]
OF_COUNTS = [  # Of counts, or of one-hot x; the softmax is over all values or over an axis.
    KnownLikelihood(key, form, f"a {key} with {form.replace('_', '-')}", nats, support=COUNTS, outputs=where)
    for key, form, where, nats in (
        ("multinomial", "logits", EVERYWHERE, lambda o, x: -x * flatten_softmax(o[0])),
        ("categorical", "logits", EVERYWHERE, lambda o, x: -x * functional.log_softmax(o[0], -1)),
        ("categorical", "logits", EVERYWHERE, lambda o, x: -x * functional.log_softmax(o[0], 1)),
        ("multinomial", "log_probabilities", EVERYWHERE, lambda o, x: -x * o[0]),
        ("categorical", "log_probabilities", EVERYWHERE, lambda o, x: -x * o[0]),
        ("multinomial", "probabilities", UNIT_INTERVAL, lambda o, x: -x * o[0].log()),
        ("categorical", "probabilities", UNIT_INTERVAL, lambda o, x: -x * o[0].log()),
    )
]
DISPERSED = [
    KnownLikelihood("negative_binomial", "", f"{NEGATIVE} ({names})", spread_counts(to), "pair", COUNTS)
    for names, to in {
        "mean, inverse dispersion": lambda m, r: (m, r),
        "mean, log of the inverse dispersion": lambda m, r: (m, r.exp()),
        "log of the mean, log of the inverse dispersion": lambda m, r: (m.exp(), r.exp()),
        "total count, logits": lambda r, logits: (r * logits.exp(), r),
        "log of the total count, logits": lambda r, logits: ((r + logits).exp(), r.exp()),
    }.items()
]
OWN_DISPERSION = [
    KnownLikelihood(
        "negative_binomial",
        form,
        f"a negative binomial with {form.replace('_', ' ')}, whose dispersion is learned or fixed",
        spread_counts(to),
        support=COUNTS,
        outputs=where,
        parameter=find_dispersion(form),
    )
    for form, where, to in (
        ("logits", EVERYWHERE, lambda logits, r: (r * logits.exp(), r)),
        ("mean", COUNTS, lambda m, r: (m, r)),
        ("log_mean", EVERYWHERE, lambda m, r: (m.exp(), r)),
    )
]
KNOWN_LIKELIHOODS = [
    *GAUSSIANS,
    *BERNOULLIS,
    *LAPLACES,
    *POISSONS,
    *CLASSES,
    *OF_COUNTS,
    *DISPERSED,
    *OWN_DISPERSION,
]
