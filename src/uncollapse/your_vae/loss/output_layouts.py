"""How the output of a decoder lies beside x: value for value, in pairs, or with classes on one more axis.

The two may have different shapes with as many values, such as (64, 784) and (64, 1, 28, 28).
"""

from typing import Any

from torch import Tensor


def lay_out(layout: str, outputs: list[Tensor], x: Any) -> list[tuple[list[Tensor], Tensor]]:
    """Return the ways in which outputs may lie beside x in a layout: parts of the outputs, and of x."""
    if not isinstance(x, Tensor):
        return []
    if layout == "same":
        return lay_out_same(outputs[0], x) if len(outputs) == 1 else []
    if layout == "pair":
        return lay_out_pair(outputs, x)
    return lay_out_classes(outputs[0], x) if len(outputs) == 1 else []


def lay_out_same(output: Tensor, x: Tensor) -> list[tuple[list[Tensor], Tensor]]:
    """Return one tensor value for value beside x, in the shape of either if they have two shapes."""
    if output.numel() != x.numel():
        return []
    shapes = dict.fromkeys([tuple(x.shape), tuple(output.shape)])
    # A softmax over an axis, or a mean over the examples, needs two axes.
    shapes = [shape if len(shape) > 1 else (len(x), -1) for shape in shapes]
    return [([output.reshape(shape)], x.reshape(shape)) for shape in shapes]


def lay_out_pair(outputs: list[Tensor], x: Tensor) -> list[tuple[list[Tensor], Tensor]]:
    """Return two tensors of the shape of x, also where one tensor has both on an axis."""
    if len(outputs) == 2:
        parts = [part.reshape(x.shape) if part.numel() == x.numel() else part for part in outputs]
        return [(parts, x)] if all(fits_beside(part, x) for part in parts) else []
    one = outputs[0]
    if len(outputs) > 1 or one.dim() < 2 or one.numel() != 2 * x.numel():
        return []
    halves = [one.chunk(2, axis) for axis in {1, one.dim() - 1} if one.shape[axis] % 2 == 0]
    fitting = [parts for parts in halves if parts[0].shape == x.shape or one.dim() != x.dim()]
    return [([part.reshape(x.shape) for part in parts], x) for parts in fitting]


def fits_beside(part: Tensor, x: Tensor) -> bool:
    """Tell whether a tensor has the shape of x, or one that is repeated to it."""
    repeats = zip(reversed(part.shape), reversed(x.shape), strict=False)
    return part.dim() <= x.dim() and all(size in (1, of_x) for size, of_x in repeats)


def lay_out_classes(output: Tensor, x: Tensor) -> list[tuple[list[Tensor], Tensor]]:
    """Return the classes on the last axis, with x as they are and as the next of a series."""
    if x.is_floating_point() and not bool((x == x.round()).all()):
        return []
    ways = []
    for axis in {output.dim() - 1, 1} if output.dim() > 1 else ():
        moved = output.movedim(axis, -1)
        if x.dim() > 1 and moved.shape[:-1] == (x.shape[0], x.shape[1] - 1, *x.shape[2:]):
            ways.append(([moved], x[:, 1:]))
        if moved.shape[:-1].numel() == x.numel() and moved.shape[:1] in (x.shape[:1], (x.numel(),)):
            ways.append(([moved.reshape(*x.shape, moved.shape[-1])], x))
            if x.dim() > 1 and moved.shape[:-1] == x.shape and x.shape[1] > 1:
                ways.append(([moved[:, :-1]], x[:, 1:]))
    return ways
