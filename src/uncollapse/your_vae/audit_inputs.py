"""The checks of the batch with which a loss is audited, and of what is said of its likelihood."""

from torch import Tensor


def check_batch(tensors: dict[str, Tensor], likelihood: str, output_is: str, variance: float) -> None:
    """Raise ValueError with one line that names the argument, unless a batch can be audited."""
    check_likelihood(likelihood, output_is, variance)
    for name, tensor in tensors.items():
        if not isinstance(tensor, Tensor) or not tensor.is_floating_point():
            raise ValueError(f"{name}: should be a tensor of real numbers")
        if not bool(tensor.isfinite().all()):
            raise ValueError(f"{name}: has values that are NaN or infinite")
    check_shapes({name: tuple(tensor.shape) for name, tensor in tensors.items()})
    output, x = tensors["output"], tensors["x"]
    inside = (output > 0) & (output < 1)
    if likelihood == "bernoulli" and output_is == "probabilities" and not bool(inside.all()):
        raise ValueError("output: should be between 0 and 1; for logits say output_is='logits'")
    hint = "so its gradient tells nothing; pass a real batch"
    if not bool((output != x).any()):
        raise ValueError(f"output is equal to x everywhere, {hint}")
    for name in ("mu", "logvar"):
        if not tensors[name].any():
            raise ValueError(f"{name} is 0 everywhere, {hint}")


def check_likelihood(likelihood: str, output_is: str, variance: float) -> None:
    """Raise ValueError with one line that names the argument, unless they state a likelihood."""
    if not isinstance(variance, int | float) or not 0 < variance < float("inf"):
        raise ValueError(f"variance: should be a positive and finite number, not {variance!r}")
    if likelihood == "bernoulli" and variance != 1:
        raise ValueError("variance: is for the likelihood 'gaussian'")
    if likelihood not in ("gaussian", "bernoulli"):
        raise ValueError(f"likelihood: should be 'gaussian' or 'bernoulli', not {likelihood!r}")
    if output_is not in ("logits", "probabilities"):
        raise ValueError(f"output_is: should be 'logits' or 'probabilities', not {output_is!r}")


def check_shapes(shapes: dict[str, tuple[int, ...]]) -> None:
    """Raise ValueError unless output and x, and mu and logvar, have the same shape and number of examples."""
    for one, other in (("output", "x"), ("mu", "logvar")):
        if shapes[one] != shapes[other] or len(shapes[one]) < 2:
            shown = f"not {shapes[one]} and {shapes[other]}"
            raise ValueError(f"{one} and {other} should have the same shape, (examples, ...), {shown}")
    of_x, of_mu = shapes["x"][0], shapes["mu"][0]
    if of_x != of_mu or not of_mu:
        raise ValueError(f"x and mu should have the same number of examples, not {of_x} and {of_mu}")
