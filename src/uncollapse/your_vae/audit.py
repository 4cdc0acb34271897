"""What a loss really optimises: the weights that it gives to the reconstruction and to the KL.

A loss that equals

    L = a * sum_n -log p(x_n|z_n) + c * sum_n KL(q(z|x_n) || p(z)) + constant

is the negative ELBO of a beta-VAE with beta = c / a (Higgins et al. 2017), whatever its author summed or
averaged. Both weights can be read off the gradients of one batch: the gradient in the output is a times the
gradient of the negative log likelihood; those in mu and logvar are c times mu and c (exp(logvar) - 1) / 2.
A loss whose gradients have another shape is no negative ELBO.

With a Gaussian likelihood of variance s, a weight beta is the same as a weight of 1 with the variance beta s
(Rybkin et al. 2021, arXiv 2006.13202).
"""

from dataclasses import asdict, dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from uncollapse.your_vae.array_bridge import bridge_arrays, bridge_function
from uncollapse.your_vae.audit_inputs import check_batch
from uncollapse.your_vae.term_weights import (
    GAUSSIAN,
    TOLERANCE,
    Loss,
    NoElbo,
    move_batch,
    read_weights,
    read_weights_of_half,
)

TERMS = ("reconstruction", "KL")
PRECISION = {torch.float16: torch.float32, torch.bfloat16: torch.float32}  # Half precision is too coarse.


@dataclass(frozen=True)
class Audit:
    """The weights that a loss gives to its terms, and what kind of loss they make it.

    `reconstruction_weight` is the weight of one example's log likelihood, summed over its values, and
    `kl_weight` that of its KL, summed over the latents. `beta` is the ratio of the two, None if the loss is
    no negative ELBO. `averaged` lists for each term what it is averaged over: "batch", "values", "latents".
    `variance` is the variance of a Gaussian likelihood for which the same loss has beta 1. `verdict` says all
    this in words.
    """

    beta: float | None
    variance: float | None
    reconstruction_weight: float | None
    kl_weight: float | None
    averaged: dict[str, list[str]]
    verdict: str

    def as_dict(self) -> dict[str, Any]:
        """Return the fields."""
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
    """Audit the scalar `loss(output, x, mu, logvar)` with one batch.

    `output`, which the decoder gave, and `x` have the same shape (N, ...), and so have `mu` and `logvar`
    (N, ...). `output_is` is for the likelihood "bernoulli"; `variance`, that of each value which is meant, is
    for "gaussian". Both the loss and the arrays may be of JAX, TensorFlow or Keras, see
    `your_vae.array_bridge`.

    Raises ValueError with one line that names the argument.
    """
    tensors, library = bridge_arrays({"output": output, "x": x, "mu": mu, "logvar": logvar})
    loss, x, mu = bridge_function("loss", loss, library), tensors["x"], tensors["mu"]
    check_batch(tensors, likelihood, output_is, variance)
    tensors = {
        name: tensor.detach().to(PRECISION.get(tensor.dtype, tensor.dtype))
        for name, tensor in tensors.items()
    }
    stated = GAUSSIAN if likelihood == "gaussian" else f"a Bernoulli with {output_is}"
    gaussian_variance = variance if likelihood == "gaussian" else None
    sizes = {"values": x[0].numel(), "latents": mu[0].numel()}
    try:
        whole = read_weights(loss, stated, **tensors)
        other = read_weights(loss, stated, **move_batch(tensors, stated))
        half = read_weights_of_half(loss, stated, tensors)
        halves = half or (None, None)
        batch_means = [
            is_batch_mean(term, weights, len(mu))
            for term, weights in zip(TERMS, zip(whole, other, halves, strict=True), strict=True)
        ]
    except NoElbo as why:
        return Audit(None, None, None, None, {}, f"no negative ELBO: {why}")
    # Squared errors that are halved are the log likelihood at variance 1, so their weight is scaled.
    weights = (whole[0] * variance, whole[1])
    beta = weights[1] / weights[0]
    of_one = [weight * len(mu) if mean else weight for weight, mean in zip(weights, batch_means, strict=True)]
    averaged = {
        term: find_averaged(mean, weight, what, size)
        for term, mean, weight, (what, size) in zip(TERMS, batch_means, of_one, sizes.items(), strict=True)
    }
    words = describe_loss(beta, averaged, sizes, gaussian_variance)
    same = beta * variance if gaussian_variance and beta > 0 else None
    if half is None:
        unknown = "; what is averaged is not known, as half a batch gives no loss"
        return Audit(beta, same, None, None, {}, f"{words}{unknown}")
    return Audit(beta, same, of_one[0], of_one[1], averaged, words)


def is_batch_mean(term: str, weights: tuple[float, float, float | None], count: int) -> bool:
    """Tell whether a term is averaged over a batch of `count` examples.

    `weights` are those of the term in the batch, in another batch and in half of the first one, where this is
    known. Raises NoElbo if the term has no fixed weight.
    """
    weight, other, half = weights
    if abs(other - weight) > 5 * TOLERANCE * abs(weight):
        found = f"{weight:.4g} here, {other:.4g} for other errors and latents"
        raise NoElbo(
            f"the weight of its {term} changes, {found}: it is no sum or mean, or not the same at each call"
        )
    if half is None or abs(half - weight) <= 5 * TOLERANCE * abs(weight):
        return False
    if abs(half * ((count + 1) // 2) - weight * count) > 5 * TOLERANCE * abs(weight * count):
        raise NoElbo(f"the weight of its {term} is {weight:.4g}, and {half:.4g} in half of the batch")
    return True


def find_averaged(over_batch: bool, weight: float, what: str, size: int) -> list[str]:
    """Return what a term is averaged over: the batch, and its `size` values or latents.

    `weight` is that of one example. It is a mean over the values or latents if only their number makes it a
    usual weight.
    """
    averaged = ["batch"] if over_batch else []
    if size > 4 and not is_usual_weight(weight) and is_usual_weight(weight * size):
        averaged.append(what)
    return averaged


def is_usual_weight(weight: float) -> bool:
    """Tell whether a term has the weight 1, or lacks its factor 1/2 or has it twice."""
    return any(abs(abs(weight) - value) < TOLERANCE * value for value in (0.5, 1.0, 2.0))


def describe_loss(
    beta: float, averaged: dict[str, list[str]], sizes: dict[str, int], variance: float | None
) -> str:
    """Say in words what a loss is, why, and what makes it the negative ELBO."""
    if beta == 0:
        return "no KL in it: this trains an autoencoder"
    if beta < 0:
        return "the KL has the wrong sign: it is rewarded"
    of_batch = [term for term in TERMS if "batch" in averaged[term]]
    only = of_batch[0] if len(of_batch) == 1 else None
    size = f"; only the {only} is averaged over the batch, so beta depends on the batch size" if only else ""
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
    fix = f"; for beta 1{at} multiply its KL by {1 / beta:.4g}"
    return f"a beta-VAE with beta {beta:.4g}{why}{same}{fix}{size}"
