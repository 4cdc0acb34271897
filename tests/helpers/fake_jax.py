"""A library with the names of JAX that the bridge uses, made of torch, so that no test needs JAX itself."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import torch


class Array:
    """An array that torch's functions do not take, as those of JAX are."""

    __module__ = "jaxlib.fake"

    def __init__(self, inside: torch.Tensor):
        self.inside = inside

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return self.inside.detach().numpy().astype(dtype or np.float32)

    def __sub__(self, other: "Array") -> "Array":
        return Array(self.inside - other.inside)

    def __add__(self, other: "Array") -> "Array":
        return Array(self.inside + other.inside)

    def __mul__(self, factor: float) -> "Array":
        return Array(self.inside * factor)

    @property
    def dtype(self) -> Any:
        return np.float32


def square(array: Array) -> Array:
    return Array(open_array(array).square())


def exp(array: Array) -> Array:
    return Array(open_array(array).exp())


def mean(array: Array) -> Array:
    return Array(open_array(array).mean())


def open_array(array: Array) -> torch.Tensor:
    if not isinstance(array, Array):
        raise TypeError(f"not an array of this library: {type(array)}")
    return array.inside


def asarray(values: Any, dtype: Any = None) -> Array:
    return Array(torch.from_numpy(np.array(values, np.float32)))


def vjp(function: Callable[..., Array], *arrays: Array) -> tuple[Array, Callable[[Array], Any]]:
    """The value of a function, and what pulls a slope back to its arrays."""
    with torch.enable_grad():
        leaves = [Array(array.inside.detach().requires_grad_()) for array in arrays]
        value = function(*leaves)
    inside = [leaf.inside for leaf in leaves]
    return value, lambda slope: [
        Array(one) for one in torch.autograd.grad(value.inside, inside, slope.inside, materialize_grads=True)
    ]


def make_jax() -> ModuleType:
    """The module, to be put where Python finds jax."""
    module, module_numpy = ModuleType("jax"), ModuleType("jax.numpy")
    vars(module_numpy).update(asarray=asarray, square=square, exp=exp, mean=mean)
    vars(module).update(vjp=vjp, numpy=module_numpy)
    return module
