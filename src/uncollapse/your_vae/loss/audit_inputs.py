"""The checks of the batch with which a loss is audited, and of what is said of its likelihood."""

from typing import Any

import torch
from torch import Tensor

from uncollapse.your_vae.loss.audited_batch import list_tensors
from uncollapse.your_vae.loss.named_likelihoods import KNOWN_LIKELIHOODS

KEYS = list(dict.fromkeys(known.key for known in KNOWN_LIKELIHOODS))


def check_batch(output: Any, x: Any, mu: Any, logvar: Any) -> None:
    """Raise ValueError with one line that names the argument, unless a batch can be audited."""
    for name, tensor in (("mu", mu), ("logvar", logvar)):
        if not isinstance(tensor, Tensor) or not tensor.is_floating_point():
            raise ValueError(f"{name}: should be a tensor of real numbers{describe_without_kl(tensor)}")
    parts = {"output": list_tensors(output), "x": list_tensors(x)}
    if not parts["x"]:
        raise ValueError("x: should be a tensor of real or whole numbers, or a tuple or dictionary of them")
    if not any(part.is_floating_point() for part in parts["output"]):
        raise ValueError("output: should be a tensor of real numbers, or a tuple or dictionary of tensors")
    for name, tensors in {**parts, "mu": [mu], "logvar": [logvar]}.items():
        for tensor in tensors:
            check_tensor(name, tensor)
    check_posterior_shapes(mu, logvar)
    one = parts["output"][0]
    hint = "so its gradient tells nothing; pass a real batch"
    if isinstance(x, Tensor) and len(parts["output"]) == 1 and is_equal(one, x):
        raise ValueError(f"output is equal to x everywhere, {hint}")
    for name, tensor in (("mu", mu), ("logvar", logvar)):
        if not tensor.any():
            raise ValueError(f"{name} is 0 everywhere, {hint}")


def describe_without_kl(latents: Any) -> str:
    """Say what serves a VAE without mu and logvar, or nothing if something else was handed over."""
    if latents is not None and (not isinstance(latents, Tensor) or latents.is_floating_point()):
        return ""
    return (
        "; a VQ-VAE has no KL to audit: uncollapse.diagnose(codes=indices, size=K) tells which codes are in "
        "use, and uncollapse.reads(nll, x, indices) whether the decoder reads them"
    )


def is_equal(output: Tensor, x: Tensor) -> bool:
    """Tell whether an output has the values of x, in any shape."""
    return output.numel() == x.numel() and torch.equal(output.flatten(), x.flatten().to(output))


def check_tensor(name: str, tensor: Tensor) -> None:
    """Raise ValueError unless a tensor is dense, has examples, and is finite."""
    if tensor.layout != torch.strided:
        raise ValueError(f"{name}: is a sparse tensor; pass {name}.to_dense()")
    if tensor.is_complex():
        raise ValueError(f"{name}: should be a tensor of real numbers")
    if not tensor.numel() or not tensor.dim():
        raise ValueError(f"{name}: should have examples, not shape {tuple(tensor.shape)}")
    if not bool(tensor.isfinite().all()):
        raise ValueError(f"{name}: has values that are NaN or infinite")


def check_posterior_shapes(mu: Tensor, logvar: Tensor) -> None:
    """Raise ValueError unless mu and logvar have the same shape."""
    if mu.shape != logvar.shape or mu.dim() < 2:
        shown = f"not {tuple(mu.shape)} and {tuple(logvar.shape)}"
        raise ValueError(f"mu and logvar should have the same shape, (examples, ...), {shown}")


def check_likelihood(likelihood: Any, output_is: Any, variance: Any) -> None:
    """Raise ValueError with one line that names the argument, unless they state a likelihood."""
    if not isinstance(variance, int | float | Tensor) or isinstance(variance, bool):
        raise ValueError(f"variance: should be a positive and finite number, or a tensor, not {variance!r}")
    one = variance if isinstance(variance, Tensor) else torch.tensor(float(variance))
    if not bool((one.isfinite() & (one > 0)).all()):
        shown = "such values" if isinstance(variance, Tensor) else repr(variance)
        raise ValueError(f"variance: should be a positive and finite number, not {shown}")
    if not callable(likelihood) and likelihood not in (None, *KEYS):
        names = ", ".join(repr(key) for key in KEYS)
        raise ValueError(
            f"likelihood: should be one of {names}, or a function of output and x that returns -log p(x|z) "
            f"of each example, not {likelihood!r}"
        )
    if likelihood not in (None, "gaussian") and (isinstance(variance, Tensor) or variance != 1):
        raise ValueError("variance: is for the likelihood 'gaussian'")
    check_form(likelihood, output_is)


def check_form(likelihood: Any, output_is: Any) -> None:
    """Raise ValueError unless `output_is` is a form of the likelihood, or of any if it has only one."""
    every = [one for one in KNOWN_LIKELIHOODS if one.output_is]
    forms = dict.fromkeys(one.output_is for one in every if likelihood == one.key)
    forms = forms or dict.fromkeys(one.output_is for one in every)
    if output_is is not None and output_is not in forms:
        names = " or ".join(repr(name) for name in forms)
        raise ValueError(f"output_is: should be {names}, not {output_is!r}")
