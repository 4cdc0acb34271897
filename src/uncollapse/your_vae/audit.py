"""What does a loss really optimise? The weights that it gives to the reconstruction and to the KL.

A loss that equals

    L = a * sum_n -log p(x_n|z_n) + c * sum_n KL(q(z|x_n) || p(z)) + constant

is the negative ELBO of a beta-VAE with beta = c / a (Higgins et al. 2017), whatever its author summed or
averaged. Both weights can be read off the gradients of one batch: that in the output is a times the one of
the likelihood, those in mu and logvar are c times mu and c (exp(logvar) - 1) / 2. A gradient that has
another shape is that of no such loss.

With a Gaussian likelihood of variance s, beta is the same as beta 1 with a variance of beta s (Rybkin et al.
2021, arXiv 2006.13202).
"""

from dataclasses import asdict, dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from uncollapse.your_vae.audit_terms import GAUSSIAN, TOLERANCE, Loss, NoElbo, moved, weights, weights_of_half

TERMS = ("reconstruction", "KL")
PRECISION = {torch.float16: torch.float32, torch.bfloat16: torch.float32}  # theirs is too low


@dataclass(frozen=True)
class Audit:
    """What a loss is. The weights are those of one example, of the log likelihood summed over its values and
    of the KL summed over the latents; beta is their ratio, None if the loss is no negative ELBO.

    `averaged` says over what each term is averaged, of "batch", "values" and "latents". `variance` is the one
    of a Gaussian likelihood with which the same loss has beta 1. `verdict` is for people.
    """

    beta: float | None
    variance: float | None
    reconstruction_weight: float | None
    kl_weight: float | None
    averaged: dict[str, list[str]]
    verdict: str

    def as_dict(self) -> dict[str, Any]:
        """The fields."""
        return asdict(self)


def audit(
    loss: Loss,
    output: Tensor,
    x: Tensor,
    mu: Tensor,
    logvar: Tensor,
    *,
    likelihood: Literal["gaussian", "bernoulli"] = "gaussian",
    output_is: Literal["logits", "probabilities"] = "logits",
    variance: float = 1.0,
) -> Audit:
    """Audit `loss(output, x, mu, logvar)`, a scalar, with one batch: what the decoder gave and x, of the same
    shape (N, ...), and mu and logvar (N, ...). `output_is` is for the likelihood "bernoulli",
    `variance` for "gaussian": the one of each value that is meant.

    Raises ValueError with one line that names the argument.
    """
    tensors = {"output": output, "x": x, "mu": mu, "logvar": logvar}
    check(tensors, likelihood, output_is, variance)
    tensors = {
        name: tensor.detach().to(PRECISION.get(tensor.dtype, tensor.dtype))
        for name, tensor in tensors.items()
    }
    stated = GAUSSIAN if likelihood == "gaussian" else f"a Bernoulli with {output_is}"
    try:
        whole = weights(loss, stated, **tensors)
        other = weights(loss, stated, **moved(tensors, stated))
        of_half = weights_of_half(loss, stated, tensors)
        over_batch = [
            in_batches(TERMS[i], whole[i], other[i], of_half[i] if of_half else None, len(mu)) for i in (0, 1)
        ]
    except NoElbo as why:
        return Audit(None, None, None, None, {}, f"no negative ELBO: {why}")
    whole = (whole[0] * variance, whole[1])  # of squared errors, halved, they are those at variance 1
    sizes = {"values": x[0].numel(), "latents": mu[0].numel()}
    averaged, each = dict[str, list[str]](), list[float | None]()
    for term, weight, over, (what, size) in zip(TERMS, whole, over_batch, sizes.items(), strict=True):
        of_one = weight * len(mu) if over else weight
        each.append(of_one)
        over_size = size > 4 and not plain(of_one) and plain(of_one * size)
        averaged[term] = ["batch"] * over + [what] * over_size
    beta, gaussian = whole[1] / whole[0], likelihood == "gaussian"
    words = verdict(beta, averaged, sizes, variance if gaussian else None)
    if of_half is None:
        each, words = [None, None], f"{words}; what is averaged is not known, as half a batch gives no loss"
        averaged = {}
    return Audit(beta, beta * variance if gaussian and beta > 0 else None, each[0], each[1], averaged, words)


def in_batches(term: str, weight: float, other: float, half: float | None, count: int) -> bool:
    """Whether a term is averaged over a batch of `count`, from its weight there, in another batch and in half
    of it. Raises NoElbo if it has no weight of its own."""
    if abs(other - weight) > 5 * TOLERANCE * abs(weight):
        found = f"{weight:.4g} here, {other:.4g} for other errors and latents"
        raise NoElbo(
            f"the weight of its {term} changes, {found}: no sum or mean, or not the same at each call"
        )
    if half is None or abs(half - weight) <= 5 * TOLERANCE * abs(weight):
        return False
    if abs(half * ((count + 1) // 2) - weight * count) > 5 * TOLERANCE * abs(weight * count):
        raise NoElbo(f"the weight of its {term} is {weight:.4g}, and {half:.4g} in half of the batch")
    return True


def plain(weight: float) -> bool:
    """Whether a term has its own weight, or lacks the factor 1/2 or has it twice."""
    return any(abs(abs(weight) - value) < TOLERANCE * value for value in (0.5, 1.0, 2.0))


def verdict(
    beta: float, averaged: dict[str, list[str]], sizes: dict[str, int], variance: float | None
) -> str:
    """What the loss is, why, and the mend."""
    if beta == 0:
        return "no KL in it: this trains an autoencoder"
    if beta < 0:
        return "the KL has the wrong sign: it is rewarded"
    of_batch = [term for term in TERMS if "batch" in averaged[term]]
    only = of_batch[0] if len(of_batch) == 1 else None
    size = f"; of the batch only the {only} is averaged, so beta depends on its size" if only else ""
    if abs(beta - 1) < TOLERANCE:
        return f"the negative ELBO{f', with a Gaussian of variance {variance:.4g}' if variance else ''}{size}"
    reasons = [
        f"the {term} were averaged over {sizes[name]} {name}"
        for term, name in zip(TERMS, sizes, strict=True)
        if name in averaged[term]
    ]
    why = f", as if {' and '.join(reasons)}" if reasons else ""
    same = at = ""
    if variance:
        at = f" with a variance of {variance:.4g}"
        same = (
            f" (with a Gaussian of variance {variance:.4g}; the same as beta 1 with a variance of "
            f"{beta * variance:.4g})"
        )
    mend = f"; for beta 1{at} multiply its KL by {1 / beta:.4g}"
    return f"a beta-VAE with beta {beta:.4g}{why}{same}{mend}{size}"


def check(tensors: dict[str, Tensor], likelihood: str, output_is: str, variance: float) -> None:
    """Raises ValueError with one line that names the argument."""
    if not isinstance(variance, int | float) or not 0 < variance < float("inf"):
        raise ValueError(f"variance: should be a positive and finite number, not {variance!r}")
    if likelihood == "bernoulli" and variance != 1:
        raise ValueError("variance: is for the likelihood 'gaussian'")
    if likelihood not in ("gaussian", "bernoulli"):
        raise ValueError(f"likelihood: should be 'gaussian' or 'bernoulli', not {likelihood!r}")
    if output_is not in ("logits", "probabilities"):
        raise ValueError(f"output_is: should be 'logits' or 'probabilities', not {output_is!r}")
    for name, tensor in tensors.items():
        if not isinstance(tensor, Tensor) or not tensor.is_floating_point():
            raise ValueError(f"{name}: should be a tensor of real numbers")
        if not bool(tensor.isfinite().all()):
            raise ValueError(f"{name}: has values that are NaN or infinite")
    shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    for one, other in (("output", "x"), ("mu", "logvar")):
        if shapes[one] != shapes[other] or len(shapes[one]) < 2:
            shown = f"not {shapes[one]} and {shapes[other]}"
            raise ValueError(f"{one} and {other} should have the same shape, (examples, ...), {shown}")
    if len(tensors["x"]) != len(tensors["mu"]) or not len(tensors["mu"]):
        raise ValueError(
            f"x and mu should have as many examples, not {len(tensors['x'])} and {len(tensors['mu'])}"
        )
    inside = (tensors["output"] > 0) & (tensors["output"] < 1)
    if likelihood == "bernoulli" and output_is == "probabilities" and not bool(inside.all()):
        raise ValueError("output: should be between 0 and 1; of logits say output_is='logits'")
    for one, other in (("output", "x"), ("mu", None), ("logvar", None)):
        against = tensors[other] if other else 0
        if not bool((tensors[one] != against).any()):
            raise ValueError(f"{one}: equal to {other or 0} in all places, where the loss has no slope")
