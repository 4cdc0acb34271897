"""The weights of the two terms of a loss, read off its gradients in one batch.

The gradient of the reconstruction in the output has the shape of that of a likelihood, those of the KL in mu
and logvar are mu and (exp(logvar) - 1) / 2, each times the weight of its term. A gradient of another shape is
that of no negative ELBO.
"""

from collections.abc import Callable

import torch
from torch import Tensor

Loss = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]  # loss(output, x, mu, logvar)
TOLERANCE = 1e-3  # of a gradient's shape, relative: single precision leaves less
GAUSSIAN = "a Gaussian of mean `output`"
OUTPUTS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {  # the gradient of -log p(x|z) in the output
    GAUSSIAN: lambda o, x: o - x,
    "a Bernoulli with logits": lambda o, x: o.sigmoid() - x,
    "a Bernoulli with probabilities": lambda o, x: (o - x) / (o * (1 - o)).clamp(min=1e-12),
    "a Laplace distribution (absolute errors)": lambda o, x: (o - x).sign(),
}
SPREADS: dict[str, Callable[[Tensor], Tensor]] = {  # of the KL in the argument logvar, if that is taken for
    "logvar": lambda s: (s.exp() - 1) / 2,
    "a variance": lambda s: (1 - 1 / s) / 2,
    "a standard deviation": lambda s: s - 1 / s,
    "the logarithm of a standard deviation": lambda s: (2 * s).exp() - 1,
}


class NoElbo(Exception):
    """Why a loss is no negative ELBO."""


def weights(
    loss: Loss, stated: str, output: Tensor, x: Tensor, mu: Tensor, logvar: Tensor
) -> tuple[float, float]:
    """a and c. Raises NoElbo."""
    with torch.inference_mode(False), torch.enable_grad():
        leaves = [tensor.clone().requires_grad_() for tensor in (output, mu, logvar)]
        given = [leaf.clone() for leaf in leaves]  # which a loss may clamp in place
        value = loss(given[0], x.clone(), given[1], given[2])
        if not isinstance(value, Tensor) or value.numel() != 1:
            raise ValueError(
                "loss: should return a tensor with one number, the loss of the batch; of several results "
                'take that out, lambda *batch: my_loss(*batch)["loss"]'
            )
        if not bool(value.isfinite().all()):
            raise NoElbo(f"it is {value.item()} on this batch")
        if not value.requires_grad:
            raise NoElbo("it depends neither on the output nor on mu and logvar")
        in_output, *in_q = torch.autograd.grad(value.sum(), leaves, allow_unused=True)
    if in_output is None or not in_output.any():
        raise NoElbo("it does not depend on the output, there is no reconstruction in it")
    if in_q == [None, None]:
        return reconstruction_weight(in_output, stated, output, x), 0.0
    in_mu, in_logvar = (torch.zeros_like(mu) if gradient is None else gradient for gradient in in_q)
    return reconstruction_weight(in_output, stated, output, x), kl_weight(in_mu, in_logvar, mu, logvar)


def reconstruction_weight(gradient: Tensor, stated: str, output: Tensor, x: Tensor) -> float:
    """a. Raises NoElbo."""
    shapes = {name: shape(output.double(), x.double()) for name, shape in OUTPUTS.items()}
    silent = silence(gradient) & ~silence(shapes[stated])
    if silent.any():
        raise NoElbo(f"{int(silent.sum())} of {len(silent)} values of x do not count in it: a mask?")
    weight = fit(gradient, shapes[stated])
    if weight is None:
        others = [name for name, shape in shapes.items() if fit(gradient, shape) is not None]
        instead = f"it is that of {others[0]}" if others else "there may be more terms, a mask or randomness"
        raise NoElbo(f"its reconstruction is not the log likelihood of {stated}; {instead}")
    if weight < 0:
        raise NoElbo("the reconstruction has the wrong sign: it rewards errors")
    return weight


def kl_weight(in_mu: Tensor, in_logvar: Tensor, mu: Tensor, logvar: Tensor) -> float:
    """c. Raises NoElbo."""
    if not in_mu.any() and not in_logvar.any():
        raise NoElbo("its KL has no slope on this batch: free bits, a target, a warm-up that has not begun?")
    silent = silence(in_mu) & silence(in_logvar) & ~(silence(mu) & silence(logvar))
    if silent.any():
        raise NoElbo(
            f"{int(silent.sum())} of {len(silent)} latents do not count in its KL; if that is meant "
            "(free bits), audit a batch whose KL is beyond them"
        )
    of_mean = fit(in_mu, mu.double())
    spreads = {name: fit(in_logvar, shape(logvar.double())) for name, shape in SPREADS.items()}
    of_spread = spreads["logvar"]
    if of_mean is not None and of_spread is not None:
        if abs(of_mean - of_spread) <= TOLERANCE * abs(of_mean):
            return of_mean
        raise NoElbo(f"its KL weighs the means by {of_mean:.4g} and the variances by {of_spread:.4g}")
    others = [name for name, weight in spreads.items() if weight is not None and of_mean is not None]
    if others:
        raise NoElbo(f"its KL takes logvar for {others[0]}")
    raise NoElbo("what it does to mu and logvar is not the KL to a standard normal; free bits, or samples?")


def silence(gradient: Tensor) -> Tensor:
    """Which values or latents have none in any example, (D,)."""
    return (gradient == 0).flatten(1).all(0)


def fit(gradient: Tensor, shape: Tensor) -> float | None:
    """The weight with which a gradient is `shape`, None if there is none."""
    gradient = gradient.double()
    weight = (gradient * shape).sum() / shape.square().sum()
    off = (gradient - weight * shape).norm()
    return float(weight) if bool(off <= TOLERANCE * gradient.norm()) and bool(weight.isfinite()) else None


def moved(batch: dict[str, Tensor], stated: str) -> dict[str, Tensor]:
    """Another batch: other errors, and more KL."""
    output, x = batch["output"], batch["x"]
    other = (output + x) / 2 if stated == GAUSSIAN else 0.5 * output + 0.2
    return {"output": other, "x": x, "mu": 1.5 * batch["mu"], "logvar": 1.2 * batch["logvar"]}


def weights_of_half(loss: Loss, stated: str, batch: dict[str, Tensor]) -> tuple[float, float] | None:
    """a and c of the first half of the batch; None if the loss cannot be had there."""
    half = {name: tensor[: (len(tensor) + 1) // 2] for name, tensor in batch.items()}
    if len(half["x"]) == len(batch["x"]):
        return None
    try:
        return weights(loss, stated, **half)
    except Exception:  # it may be written for batches of one size
        return None
