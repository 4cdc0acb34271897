"""A claim about collapse counts only if it holds at every eps.

A dimension counts as collapsed if its KL is below eps, and as one without information if its information is.
The whole curve of a run is stored, so cells can be compared at any eps. A claim
holds if the differences at all of them are beyond chance and have the same sign. As all have to hold, nothing
more is to be corrected for. Delta is fixed in what is stored.
"""

from collections.abc import Sequence

import pandas as pd

from uncollapse.experiment.cells import Cell
from uncollapse.measures import Measure
from uncollapse.results.comparison import Pair, compare_cells
from uncollapse.results.numbers import join_words
from uncollapse.results.rows import read_comparisons

EVERY_EPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)  # nats
WORDS = {1: "less", -1: "more"}
# By eps: 1 is less collapse, -1 is more, 0 is no difference shown.
Directions = dict[float, int]


def compare_over_eps(
    dimensions: pd.DataFrame, pairs: Sequence[Pair], eps: float, column: str
) -> dict[Pair, Directions]:
    """Compare the share of dimensions whose `column` is below eps, for every pair of cells.

    It is compared at every value of EVERY_EPS, and at the `eps` of the settings.
    """
    grid = sorted({*EVERY_EPS, eps})
    run = [*Cell._fields, "seed"]
    below = {str(value): dimensions[column] < value for value in grid}
    runs = dimensions[run].assign(**below).groupby(run, sort=False)
    summary = runs[list(below)].mean().assign(latents=runs.size()).reset_index()
    share = Measure("share below eps", "share", better=-1, grain="latents")
    table = compare_cells(summary, pairs, measures=dict.fromkeys(below, share))
    result: dict[Pair, Directions] = {}
    for one in read_comparisons(table).values():
        sign = (one.difference < 0) - (one.difference > 0)
        result.setdefault(one.pair, {})[float(one.measure)] = sign if one.beyond_chance else 0
    return result


def robust_direction(directions: Directions) -> int:
    """Return the direction that is the same at every eps, or 0."""
    found = set(directions.values())
    return found.pop() if len(found) == 1 else 0


def describe_dependence(directions: Directions) -> str:
    """Say at which eps a difference is shown and at which it is not; "" if that does not depend on eps."""
    at: dict[int, list[str]] = {}
    for eps, direction in directions.items():
        at.setdefault(direction, []).append(f"{eps:g}")
    if len(at) < 2:
        return ""
    shown = [f"{word} collapse at eps {join_words(at[sign])}" for sign, word in WORDS.items() if sign in at]
    return f"{', '.join(shown)}{f', but not at {join_words(at[0])}' if 0 in at else ''}: no claim"
