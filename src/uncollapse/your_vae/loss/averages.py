"""What the terms of a loss are averaged over, read off their weights."""

from typing import NamedTuple

from uncollapse.your_vae.loss.gradient_fit import SAME, TOLERANCE

USUAL = (0.5, 1.0, 2.0)  # A term whose factor 1/2 is there, missing or twice.


class Average(NamedTuple):
    """What one term is averaged over.

    `weight` is that of one example. `over` lists "batch", "values" and "latents". `size` is the number of
    values or latents that the term is a mean over, with a `factor` before the mean, and 1 without a mean.
    Where half a batch gives no loss none of this is known, and `weight` is that of the batch.
    """

    weight: float
    over: list[str]
    factor: float = 1.0
    size: float = 1.0
    what: str = ""
    is_known: bool = True


def find_average(
    weight: float,
    half: float | None,
    count: int,
    counted: tuple[float, float],
    sizes: dict[str, list[float]],
    unit: float = 1.0,
) -> Average | str:
    """Find what a term is averaged over, or say why its weight is none.

    `weight` is that in a batch of `count` examples, and `half` that in its first half, where it is known.
    `counted` is how many values of an example count, in the batch and in its half; `sizes` has the numbers of
    values and latents over which a mean may be taken. `unit` is the weight of a term without a factor.
    """
    if half is None:
        return Average(weight, [], is_known=False)
    over = []
    if abs(half - weight) > SAME * abs(weight):
        rows = (count + 1) // 2
        of_examples = half * rows / count
        of_values = of_examples * counted[1] / counted[0] if counted[0] else of_examples
        if min(abs(of_examples - weight), abs(of_values - weight)) > SAME * abs(weight):
            return f"{weight:.4g}, and {half:.4g} in half of the batch"
        over, weight = ["batch"], weight * count
    factor, size, what = find_mean(weight / unit, sizes)
    return Average(weight, [*over, what] if what else over, factor, size, what)


def find_mean(weight: float, sizes: dict[str, list[float]]) -> tuple[float, float, str]:
    """Return the factor, the size and the name of the mean that makes a weight, or 1, 1 and nothing.

    Any factor will do, if it is a short number and the weight itself is none.
    """
    every = [(what, size) for what, those in sizes.items() for size in those if size > 4]
    if is_usual(weight):
        return 1.0, 1.0, ""
    for what, size in every:
        if is_usual(weight * size):
            return 1.0, size, what
    if not is_short(weight, digits=3):
        for what, size in every:
            if is_short(weight * size, digits=1):
                return abs(weight * size), size, what
    return 1.0, 1.0, ""


def is_usual(weight: float) -> bool:
    """Tell whether a term has the weight 1, or lacks its factor 1/2 or has it twice."""
    return any(abs(abs(weight) - value) < TOLERANCE * value for value in USUAL)


def is_short(weight: float, digits: int) -> bool:
    """Tell whether a weight is a number of a few digits, such as 10 or 0.02."""
    return bool(weight) and abs(float(f"{weight:.{digits - 1}e}") / weight - 1) < 1e-5
