"""Whether what is said of collapse depends on eps, below whose KL a dimension counts as collapsed, or below
whose information it counts as one that carries none.

What is stored of the dimensions of a run is its whole curve, so cells can be compared at any eps. A claim
holds if the differences at all of them are beyond chance and have the same sign. As all have to hold, nothing
more is to be corrected for. Delta is fixed in what is stored.
"""

from collections.abc import Sequence

import pandas as pd

from uncollapse.experiment.cells import Cell
from uncollapse.measures import Measure
from uncollapse.results.comparison import PAIR, Pair, compare
from uncollapse.results.numbers import listed

EPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)  # nats
Key = tuple[str, ...]  # question, cell, model and method of the reference
KEY = PAIR[:-1]
SHARES = {"collapsed": "eps", "uninformative": "information"}  # measures, by what of each dimension
WORDS = {1: "less", -1: "more"}
Directions = dict[float, int]  # by eps: 1 is less collapse, -1 is more, 0 is no difference shown


def over_eps(
    dimensions: pd.DataFrame, pairs: Sequence[Pair], eps: float, column: str
) -> dict[Key, Directions]:
    """The direction of every pair of cells at EPS, and at the `eps` of the settings, by the share of
    dimensions whose `column` is less."""
    grid = sorted({*EPS, eps})
    run = [*Cell._fields, "seed"]
    below = {str(value): dimensions[column] < value for value in grid}
    runs = dimensions[run].assign(**below).groupby(run, sort=False)
    summary = runs[list(below)].mean().assign(latents=runs.size()).reset_index()
    share = Measure("collapsed", "share", better=-1, grain="latents")
    table = compare(summary, pairs, measures=dict.fromkeys(below, share))
    result: dict[Key, Directions] = {}
    for row in table.to_dict("records"):
        sign = (row["difference"] < 0) - (row["difference"] > 0)
        key = tuple(row[name] for name in KEY)
        result.setdefault(key, {})[float(row["measure"])] = sign if row["beyond_chance"] else 0
    return result


def robust(directions: Directions) -> int:
    """The direction that is the same at every eps, or 0."""
    found = set(directions.values())
    return found.pop() if len(found) == 1 else 0


def dependence(directions: Directions) -> str:
    """Where a difference is shown and where it is not; "" if that does not depend on eps."""
    at: dict[int, list[str]] = {}
    for eps, direction in directions.items():
        at.setdefault(direction, []).append(f"{eps:g}")
    if len(at) < 2:
        return ""
    shown = [f"{word} collapse at eps {listed(at[sign])}" for sign, word in WORDS.items() if sign in at]
    return f"{', '.join(shown)}{f', but not at {listed(at[0])}' if 0 in at else ''}: no claim"
