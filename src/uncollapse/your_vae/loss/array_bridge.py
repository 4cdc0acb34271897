"""A bridge from losses in JAX, TensorFlow or Keras to torch, which differentiates them through their library.

Which library made an array is read off the module of its class, so none is imported that is not in use. Keras
has arrays of its backend.
"""

import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from uncollapse.your_vae.handed_over.real_arrays import take_first_line, to_numpy

JAX, TENSORFLOW, TORCH = "JAX", "TensorFlow", "torch"
# The first part of the module in which the class of an array is defined.
ARRAY_MODULES = {"jax": JAX, "jaxlib": JAX, "tensorflow": TENSORFLOW, "torch": TORCH}
Function = Callable[..., Any]
# It calls a function with arrays: returns the value, and a function from a slope in the value to the slopes
# in those arrays whose index is among the wanted.
Pull = Callable[[np.ndarray], list[Any]]


def bridge_arrays(arrays: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """Return arrays as tensors of torch, and the library in which a loss of them is written.

    What is no array of JAX, TensorFlow, Keras or NumPy stays as it is. Raises ValueError with one line for
    arrays of two libraries; NumPy goes with each of them.
    """
    arrays = {
        name: array.value if type(array).__module__.startswith("keras.") else array  # A variable of Keras.
        for name, array in arrays.items()
    }
    libraries = {name: find_library(array) for name, array in arrays.items()}
    found = sorted({library for library in libraries.values() if library})
    if len(found) > 1:
        shown = " and ".join(f"{name} of {library}" for name, library in libraries.items() if library)
        raise ValueError(f"the arrays should all be of one library, not {shown}")
    return {name: bridge_array(name, array) for name, array in arrays.items()}, found[0] if found else TORCH


def find_library(array: Any) -> str | None:
    """Return the library that made an array, None for NumPy and for all that is not known here."""
    return ARRAY_MODULES.get(type(array).__module__.split(".")[0])


def bridge_array(name: str, array: Any) -> Any:
    """Return an array as a tensor, and a tensor or something else as it is."""
    if isinstance(array, Tensor) or not (find_library(array) or isinstance(array, np.ndarray)):
        return array
    try:
        return torch.from_numpy(np.array(to_numpy(array)))
    except Exception as error:
        raise ValueError(f"{name}: cannot be read as an array: {take_first_line(error)}") from None


def bridge_function(name: str, function: Function, library: str) -> Function:
    """Return a function of tensors that can be differentiated, from one of arrays of `library`.

    A function of tensors, or of arrays of NumPy, may also be one of JAX or TensorFlow, if one of them is
    imported and torch cannot call it. `name` is that of the argument, for the ValueError with one line that
    says why a function can be neither called nor differentiated.
    """
    imported = [other for other in PULLS if other.lower() in sys.modules]
    tried = [library] if library != TORCH else [TORCH, *imported]

    def call(*tensors: Tensor) -> Any:
        errors = []
        for one in list(tried):
            try:
                value = call_torch(function, tensors) if one == TORCH else call_other(one, function, tensors)
            except Exception as error:  # A loss, and every library, has errors of its own.
                errors.append(error)
                continue
            tried[:] = [one]
            return value
        raise ValueError(f"{name}: {describe_failure(function, tensors, tried[0], errors[0])}") from errors[0]

    return call


def call_torch(function: Function, tensors: Sequence[Tensor]) -> Any:
    """Call a function with tensors. Raises TypeError if its result is one of another library."""
    value = function(*tensors)
    if find_library(value) in PULLS or isinstance(value, np.ndarray | np.generic):
        raise TypeError(f"the result is of {type(value).__name__}, not a tensor")
    return value


def call_other(library: str, function: Function, tensors: Sequence[Tensor]) -> Any:
    """Call a function of another library; a result of several arrays is returned as it is."""
    several: list[Any] = []

    def call_one(*arrays: Any) -> Any:
        value = function(*arrays)
        if isinstance(value, dict | list | tuple) or hasattr(value, "loss"):
            several.append(value)
        if not find_library(value):
            raise TypeError(f"the result is of {type(value).__name__}, not an array of {library}")
        return value

    try:
        return BridgedFunction.apply(PULLS[library], call_one, *tensors)
    except TypeError:
        if several:
            return several[0]
        raise


def describe_failure(function: Function, tensors: Sequence[Tensor], library: str, error: Exception) -> str:
    """Say why a function cannot be differentiated, and what to do."""
    if library == TORCH and works_in_numpy(function, tensors):
        return "it is written in NumPy, which cannot differentiate; write it in torch or in JAX"
    raised = f"it raises {type(error).__name__}: {take_first_line(error)}"
    if library == TORCH:
        return raised
    return f"cannot be differentiated by {library}: {raised}; it should have no NumPy and no float() in it"


def works_in_numpy(function: Function, tensors: Sequence[Tensor]) -> bool:
    """Tell whether a function takes arrays of NumPy and returns a number or an array of NumPy."""
    try:
        value = function(*(tensor.detach().cpu().numpy() for tensor in tensors))
    except Exception:
        return False
    return isinstance(value, np.ndarray | np.generic | float)


class BridgedFunction(torch.autograd.Function):
    """A function of another library, as a step of torch's differentiation."""

    @staticmethod
    def forward(ctx: Any, pull: Any, function: Function, *tensors: Tensor) -> Tensor:
        wanted = [index for index, needed in enumerate(ctx.needs_input_grad[2:]) if needed]
        value, ctx.pull = pull(function, [tensor.detach().cpu().numpy() for tensor in tensors], wanted)
        ctx.wanted, ctx.like = wanted, [tensor.detach() for tensor in tensors]
        return torch.from_numpy(np.array(value)).to(tensors[0].device)

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> Any:
        found: list[Tensor | None] = [None] * len(ctx.like)
        for index, slope in zip(ctx.wanted, ctx.pull(slopes[0].detach().cpu().numpy()), strict=True):
            if slope is not None:
                found[index] = torch.from_numpy(np.array(slope)).to(ctx.like[index])
        return None, None, *found


def pull_jax(function: Function, arrays: Sequence[np.ndarray], wanted: list[int]) -> tuple[Any, Pull]:
    """Call a function of JAX."""
    import jax

    given = [jax.numpy.asarray(array) for array in arrays]

    def of_wanted(*some: Any) -> Any:
        every = list(given)
        for index, array in zip(wanted, some, strict=True):
            every[index] = array
        return function(*every)

    value, pull = jax.vjp(of_wanted, *(given[index] for index in wanted))
    return value, lambda slope: list(pull(jax.numpy.asarray(slope, value.dtype)))


def pull_tensorflow(function: Function, arrays: Sequence[np.ndarray], wanted: list[int]) -> tuple[Any, Pull]:
    """Call a function of TensorFlow."""
    import tensorflow

    given = [tensorflow.convert_to_tensor(array) for array in arrays]
    watched = [given[index] for index in wanted]
    with tensorflow.GradientTape() as tape:
        tape.watch(watched)
        value = function(*given)
    return value, lambda slope: [
        None if one is None else tensorflow.convert_to_tensor(one)
        for one in tape.gradient(value, watched, tensorflow.convert_to_tensor(slope, value.dtype))
    ]


PULLS = {JAX: pull_jax, TENSORFLOW: pull_tensorflow}
