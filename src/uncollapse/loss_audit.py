"""What does a loss really optimise? The weights that it gives to the reconstruction and to the KL.

A loss that equals

    L = a * sum_n -log p(x_n|z_n) + c * sum_n KL(q(z|x_n) || p(z)) + constant

is the negative ELBO of a beta-VAE with beta = c / a (Higgins et al. 2017), whatever its author summed or
averaged. Both weights can be read off the gradients of one batch: that in the output is a times the one of
the likelihood, those in mu and logvar are c times mu and c (exp(logvar) - 1) / 2. A gradient that has
another shape is that of no such loss.

With a Gaussian likelihood of variance 1 for the unit, beta times 1 is the same as beta 1 with a variance of
beta (Rybkin et al. 2021, arXiv 2006.13202).
"""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from torch import Tensor

from uncollapse.loss_terms import GAUSSIAN, TOLERANCE, Loss, NoElbo, weights, weights_of_half

TERMS = ("reconstruction", "KL")


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
) -> Audit:
    """Audit `loss(output, x, mu, logvar)`, a scalar, with one batch: what the decoder gave and x, of the same
    shape (N, ...), and mu and logvar (N, ...). `output_is` is for the likelihood "bernoulli".

    Raises ValueError with one line that names the argument.
    """
    tensors = {"output": output, "x": x, "mu": mu, "logvar": logvar}
    check(tensors, likelihood, output_is)
    tensors = {name: tensor.detach() for name, tensor in tensors.items()}
    stated = GAUSSIAN if likelihood == "gaussian" else f"a Bernoulli with {output_is}"
    try:
        whole = weights(loss, stated, **tensors)
    except NoElbo as why:
        return Audit(None, None, None, None, {}, f"no negative ELBO: {why}")
    of_half = weights_of_half(loss, stated, tensors)
    sizes = {"values": x[0].numel(), "latents": mu[0].numel()}
    averaged, each = dict[str, list[str]](), list[float]()
    for term, weight, part, (what, size) in zip(TERMS, whole, of_half, sizes.items(), strict=True):
        over_batch = part is not None and abs(part - weight) > TOLERANCE * abs(weight)
        each.append(weight * len(mu) if over_batch else weight)
        over_size = size > 4 and not plain(each[-1]) and plain(each[-1] * size)
        averaged[term] = ["batch"] * over_batch + [what] * over_size
    beta = whole[1] / whole[0]
    gaussian = likelihood == "gaussian" and beta > 0
    words = verdict(beta, averaged, sizes) + (same_variance(beta) if gaussian else "")
    return Audit(beta, beta if gaussian else None, each[0], each[1], averaged, words)


def plain(weight: float) -> bool:
    """Whether a term has its own weight, or lacks the factor 1/2 or has it twice."""
    return any(abs(abs(weight) - value) < TOLERANCE * value for value in (0.5, 1.0, 2.0))


def verdict(beta: float, averaged: dict[str, list[str]], sizes: dict[str, int]) -> str:
    """What the loss is, why, and the mend."""
    if beta == 0:
        return "no KL in it: this trains an autoencoder"
    if beta < 0:
        return "the KL has the wrong sign: it is rewarded"
    what = "the negative ELBO" if abs(beta - 1) < TOLERANCE else f"a beta-VAE with beta {beta:.4g}"
    reasons = []
    only = {
        name: [term for term in TERMS if name in averaged[term]] for name in ("batch", "values", "latents")
    }
    if only["values"] and not only["latents"]:
        mean = f"the reconstruction is averaged over the {sizes['values']} values of an example"
        reasons.append(f"{mean}, the KL is summed over the latents; sum both")
    if only["latents"] and not only["values"]:
        mean = f"the KL is averaged over the {sizes['latents']} latents"
        reasons.append(f"{mean}, the reconstruction is summed over the values; sum both")
    if only["values"] and only["latents"]:
        reasons.append("both terms are averages, over values and over latents; sum both")
    if len(only["batch"]) == 1:
        reasons.append(f"of the batch only the {only['batch'][0]} is averaged, so beta depends on its size")
    return ": ".join([what, *filter(None, ["; ".join(reasons)])])


def same_variance(beta: float) -> str:
    """The other name of a beta."""
    if abs(beta - 1) < TOLERANCE:
        return ", with a Gaussian of variance 1"
    return f" (with a Gaussian of variance 1; the same as beta 1 with a variance of {beta:.4g})"


def check(tensors: dict[str, Tensor], likelihood: str, output_is: str) -> None:
    """Raises ValueError with one line that names the argument."""
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
    for one, other in (("output", "x"), ("mu", None)):
        against = tensors[other] if other else 0
        if not bool((tensors[one] != against).any()):
            raise ValueError(
                f"{one}: equal to {other or 0} in all places, where the loss has no slope to be seen"
            )
