"""The weights of the two terms of a loss, read off its gradients in one batch.

In a negative ELBO the gradient in the output has the shape of that of a log likelihood, and the gradients in
mu and logvar are mu and (exp(logvar) - 1) / 2, each times the weight of its term. A loss whose gradients have
another shape is no negative ELBO.
"""

from collections.abc import Callable

import torch
from torch import Tensor

# Call it as `loss(output, x, mu, logvar)`.
Loss = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]
TOLERANCE = 1e-3  # The relative error of a gradient's shape; single precision leaves less.
GAUSSIAN = "a Gaussian of mean `output`"
# The gradient of -log p(x|z) in the output, by the likelihood.
OUTPUTS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    GAUSSIAN: lambda o, x: o - x,
    "a Bernoulli with logits": lambda o, x: o.sigmoid() - x,
    "a Bernoulli with probabilities": lambda o, x: (o - x) / (o * (1 - o)).clamp(min=1e-12),
    "a Laplace distribution (absolute errors)": lambda o, x: (o - x).sign(),
}
# The gradient of the KL in the argument logvar, by what the loss takes that argument for.
SPREADS: dict[str, Callable[[Tensor], Tensor]] = {
    "logvar": lambda s: (s.exp() - 1) / 2,
    "a variance": lambda s: (1 - 1 / s) / 2,
    "a standard deviation": lambda s: s - 1 / s,
    "the logarithm of a standard deviation": lambda s: (2 * s).exp() - 1,
}


class NoElbo(Exception):
    """A loss is no negative ELBO; the text says why."""


def read_weights(
    loss: Loss, stated: str, output: Tensor, x: Tensor, mu: Tensor, logvar: Tensor
) -> tuple[float, float]:
    """Return the weights of the reconstruction and of the KL. Raises NoElbo where there are none."""
    with torch.inference_mode(False), torch.enable_grad():
        leaves = [tensor.clone().requires_grad_() for tensor in (output, mu, logvar)]
        given = [leaf.clone() for leaf in leaves]  # A loss may clamp these in place.
        value = loss(given[0], x.clone(), given[1], given[2])
        if not isinstance(value, Tensor) or value.numel() != 1:
            raise ValueError(
                "loss: should return a tensor with one number, the loss of the batch; if it returns several "
                'results, pass lambda *batch: my_loss(*batch)["loss"]'
            )
        if not bool(value.isfinite().all()):
            raise NoElbo(f"it is {value.item()} on this batch")
        if not value.requires_grad:
            raise NoElbo("it depends neither on the output nor on mu and logvar")
        in_output, in_mu, in_logvar = torch.autograd.grad(value.sum(), leaves, allow_unused=True)
    if in_output is None or not in_output.any():
        raise NoElbo("it does not depend on the output, so there is no reconstruction in it")
    reconstruction = read_reconstruction_weight(in_output, stated, output, x)
    if in_mu is None and in_logvar is None:
        return reconstruction, 0.0
    in_mu = torch.zeros_like(mu) if in_mu is None else in_mu
    in_logvar = torch.zeros_like(mu) if in_logvar is None else in_logvar
    return reconstruction, read_kl_weight(in_mu, in_logvar, mu, logvar)


def read_reconstruction_weight(gradient: Tensor, stated: str, output: Tensor, x: Tensor) -> float:
    """Return the weight of the reconstruction, from the gradient in the output. Raises NoElbo."""
    shapes = {name: shape(output.double(), x.double()) for name, shape in OUTPUTS.items()}
    silent = find_silent(gradient) & ~find_silent(shapes[stated])
    if silent.any():
        raise NoElbo(
            f"{int(silent.sum())} of {len(silent)} values of x do not count in it; does it use a mask?"
        )
    weight = fit_weight(gradient, shapes[stated])
    if weight is None:
        others = [name for name, shape in shapes.items() if fit_weight(gradient, shape) is not None]
        instead = f"it is that of {others[0]}" if others else "there may be more terms, a mask or randomness"
        raise NoElbo(f"its reconstruction is not the log likelihood of {stated}; {instead}")
    if weight < 0:
        raise NoElbo("the reconstruction has the wrong sign: it rewards errors")
    return weight


def read_kl_weight(in_mu: Tensor, in_logvar: Tensor, mu: Tensor, logvar: Tensor) -> float:
    """Return the weight of the KL, from the gradients in mu and logvar. Raises NoElbo."""
    if not in_mu.any() and not in_logvar.any():
        raise NoElbo(
            "its KL has no slope on this batch; does it use free bits, a target, or a warm-up that has not "
            "begun?"
        )
    silent = find_silent(in_mu) & find_silent(in_logvar) & ~(find_silent(mu) & find_silent(logvar))
    if silent.any():
        raise NoElbo(
            f"{int(silent.sum())} of {len(silent)} latents do not count in its KL; if that is intended "
            "(free bits), audit a batch whose KL is above them"
        )
    of_mean = fit_weight(in_mu, mu.double())
    spreads = {name: fit_weight(in_logvar, shape(logvar.double())) for name, shape in SPREADS.items()}
    of_spread = spreads["logvar"]
    if of_mean is not None and of_spread is not None:
        if abs(of_mean - of_spread) <= TOLERANCE * abs(of_mean):
            return of_mean
        raise NoElbo(f"its KL weighs the means by {of_mean:.4g} and the variances by {of_spread:.4g}")
    others = [name for name, weight in spreads.items() if weight is not None and of_mean is not None]
    if others:
        raise NoElbo(f"its KL takes logvar for {others[0]}")
    raise NoElbo(
        "the gradients in mu and logvar are not those of a KL to N(0, I); does the loss use free bits, or a "
        "sampled KL?"
    )


def find_silent(gradient: Tensor) -> Tensor:
    """Return which values or latents have a gradient of 0 in all examples, (D,)."""
    return (gradient == 0).flatten(1).all(0)


def fit_weight(gradient: Tensor, shape: Tensor) -> float | None:
    """Return the weight with which a gradient is a multiple of `shape`, None if it is no multiple."""
    gradient = gradient.double()
    weight = (gradient * shape).sum() / shape.square().sum()
    off = (gradient - weight * shape).norm()
    return float(weight) if bool(off <= TOLERANCE * gradient.norm()) and bool(weight.isfinite()) else None


def move_batch(batch: dict[str, Tensor], stated: str) -> dict[str, Tensor]:
    """Return another batch, with other errors and more KL."""
    output, x = batch["output"], batch["x"]
    other = (output + x) / 2 if stated == GAUSSIAN else 0.5 * output + 0.2
    return {"output": other, "x": x, "mu": 1.5 * batch["mu"], "logvar": 1.2 * batch["logvar"]}


def read_weights_of_half(loss: Loss, stated: str, batch: dict[str, Tensor]) -> tuple[float, float] | None:
    """Return the weights in the first half of the batch, None if the loss cannot be computed there."""
    half = {name: tensor[: (len(tensor) + 1) // 2] for name, tensor in batch.items()}
    if len(half["x"]) == len(batch["x"]):
        return None
    try:
        return read_weights(loss, stated, **half)
    except Exception:  # The loss may be written for batches of one size.
        return None
