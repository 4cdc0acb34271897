"""Words on a reconstruction that weighs its values or its examples unequally."""

from typing import Any, NamedTuple

from torch import Tensor

from uncollapse.your_vae.loss.gradient_fit import TOLERANCE, find_largest, fit_rows


class UnequalWeights(NamedTuple):
    """Words on unequal weights, with the smallest and the largest one if each value has its weight."""

    words: str
    by_value: tuple[float, float] | None = None


def describe_unequal(gradient: Tensor, shape: Tensor, x: Any, entries: float) -> UnequalWeights | None:
    """Say how a gradient weighs the entries of `shape`, or nothing if it has not its signs.

    A value of x has `entries` of them, such as the classes of a token.
    """
    gradient, shape = gradient.double(), shape.double()
    counted = (gradient != 0) & shape.isfinite() & (shape.abs() > 1e-6 * find_largest(shape))
    if not counted.any():
        return None
    ratio = gradient / shape
    if not bool((ratio[counted] > 0).all()):
        return None
    by_example = describe_rows(gradient.reshape(len(gradient), -1), shape.reshape(len(shape), -1), entries)
    if by_example:
        return UnequalWeights(by_example)
    weights, fits = fit_rows(gradient.reshape(len(gradient), -1).T, shape.reshape(len(shape), -1).T)
    if fits and len(gradient) > 2:
        low, high = float(weights.min()), float(weights.max())
        words = f"with a weight for each value, from {low:.4g} to {high:.4g}"
        return UnequalWeights(
            f"{words}; if variances make them, pass variance=, a tensor of these", (low, high)
        )
    if isinstance(x, Tensor) and x.shape == shape.shape and bool(((x == 0) | (x == 1)).all()):
        ones, zeros = ratio[counted & (x == 1)], ratio[counted & (x == 0)]
        if is_constant(ones) and is_constant(zeros):
            times = float(ones.mean() / zeros.mean())
            return UnequalWeights(
                f"x = 1 weighs {times:.4g} times as much as x = 0 (pos_weight), which is no likelihood; pass "
                "your own as a function likelihood="
            )
    low, high = float(ratio[counted].min()), float(ratio[counted].max())
    return UnequalWeights(
        f"it weighs single values unequally, from {low:.4g} to {high:.4g} (as focal losses, Huber's and "
        "class weights do), which is no likelihood of that kind; pass your own as a function likelihood="
    )


def is_constant(ratio: Tensor) -> bool:
    """Tell whether there are ratios, all of them the same."""
    return ratio.numel() > 0 and bool(ratio.std(correction=0) <= TOLERANCE * ratio.mean().abs())


def describe_rows(gradient: Tensor, shape: Tensor, entries: float) -> str:
    """Say how the examples are weighed, or nothing if one of them has no weight."""
    weights, fits = fit_rows(gradient, shape)
    if not fits or len(weights) < 2:
        return ""
    counts = (gradient != 0).sum(1)[(gradient != 0).any(1)] / entries
    if is_constant(weights * counts) and not is_constant(weights):
        return (
            f"each example is divided by its own number of values, {counts.min():g} to {counts.max():g}, so "
            "that beta differs by example"
        )
    return f"it weighs the examples unequally, from {weights.min():.4g} to {weights.max():.4g}"
