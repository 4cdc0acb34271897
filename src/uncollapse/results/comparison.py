"""Differences between cells, seed by seed, with intervals and tests.

Runs of the same seed share initial weights, batches and noise, so cells are compared by the differences
of paired seeds,

    d_s = value of seed s in a cell - value of seed s in the reference cell,

their interval (`statistics`), and p of Student's test of mean(d) = 0.

A difference is beyond chance if p is below 0.05 after Holm's correction (Holm 1979) over all comparisons
of one data set, measure and question, but not across these. What is compared, and how, is declared by
each measure: see `uncollapse.measures`.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from uncollapse.experiment.cells import Cell
from uncollapse.measures import Measure, list_columns
from uncollapse.results.statistics import LEVEL, estimate_error, estimate_interval

PAIR = ["question", *Cell._fields, "against_model", "against_method", "measure"]
DIFFERENCE = ["seeds", "mean", "against_mean", "difference", "low", "high", "p", "at_cap"]
# For each seed a table with a row for each test example, whose columns are measures.
ExampleTables = Mapping[Cell, Mapping[int, pd.DataFrame]]


class Pair(NamedTuple):
    """A cell, its reference, and the question that their difference answers.

    The question is `method`, `model`, `combination` or `control`.
    """

    question: str
    cell: Cell
    against: Cell


def list_pairs(
    cells: Sequence[Cell],
    *,
    vae: str | None,
    plain: str | None,
    combinations: Mapping[str, Sequence[str]] = {},
    controls: Mapping[str, str] = {},
) -> list[Pair]:
    """List the pairs of cells that are compared.

    Methods are compared with `plain`, models (with the plain method) with `vae`, combinations with each of
    their parts, and methods that pretrain with their control.
    """
    result, known = [], set(cells)
    for cell in cells:
        references = []
        if plain and cell.method != plain:
            references.append(("method", cell._replace(method=plain)))
        if vae and cell.model != vae and cell.method == plain:
            references.append(("model", cell._replace(model=vae)))
        references += [
            ("combination", cell._replace(method=part)) for part in combinations.get(cell.method, ())
        ]
        if cell.method in controls:
            references.append(("control", cell._replace(method=controls[cell.method])))
        result += [Pair(question, cell, against) for question, against in references if against in known]
    return result


def compare_cells(
    summary: pd.DataFrame,
    pairs: Sequence[Pair],
    history: pd.DataFrame | None = None,
    examples: ExampleTables | None = None,
    measures: Mapping[str, Measure] | None = None,
) -> pd.DataFrame:
    """Return a table with a row for each pair and measure: both means, their difference, its interval and p.

    `summary` has a row for each run, `history` one for each of its epochs. The difference is the mean over
    common seeds. The measures are those of the package unless others are given. `examples` has the cells all
    of whose seeds have the same test examples.

    `at_cap` is about estimates with a cap: `one`, the larger value is at its cap, so the difference is at
    least this large; `both`, the difference is no estimate, and not tested. Without two common seeds low,
    high and p are nan.
    """
    declared = {name: measure for name, measure in (measures or list_columns()).items() if measure.compared}
    single = {name: measure for name, measure in declared.items() if not measure.paired}
    derived = {name: measure.derived(summary) for name, measure in single.items() if measure.derived}
    summary = summary.assign(**derived)
    runs = {
        Cell(*map(str, names)): rows.set_index("seed") for names, rows in summary.groupby(list(Cell._fields))
    }
    epochs = {} if history is None else dict(iter(history.groupby([*Cell._fields, "seed"])))
    rows = []
    for question, cell, against in pairs:
        if cell not in runs or against not in runs:
            continue
        seeds = list(runs[cell].index.intersection(runs[against].index))
        here, there = runs[cell].loc[seeds], runs[against].loc[seeds]
        values = {name: (here[name].to_numpy(float), there[name].to_numpy(float)) for name in single}
        if epochs:
            histories = [(epochs[*cell, seed], epochs[*against, seed]) for seed in seeds]
            values |= pair_histories(declared, histories)
        errors = find_shared_errors(examples or {}, cell, against, seeds)
        for name, (own, others) in values.items():
            shared = errors.get(name, 0.0)
            numbers = compare_measure(declared[name], own, others, here, there, shared)
            if numbers is not None:
                rows.append((question, *cell, against.model, against.method, name, *numbers))
    return mark_beyond_chance(pd.DataFrame(rows, columns=PAIR + DIFFERENCE), declared)


def pair_histories(
    measures: Mapping[str, Measure], histories: Sequence[tuple[pd.DataFrame, pd.DataFrame]]
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Measure what only a pair of runs has, from the histories of both for each seed."""
    values = {}
    for name, measure in measures.items():
        if measure.paired:
            each = [measure.paired(own, other) for own, other in histories]
            own_values, other_values = np.array(each, np.float64).reshape(-1, 2).T
            values[name] = own_values, other_values
    return values


def find_shared_errors(
    examples: ExampleTables, cell: Cell, against: Cell, seeds: Sequence[int]
) -> Mapping[str, float]:
    """Find the standard errors that all seeds share because they have the same test examples."""
    if not seeds or cell not in examples or against not in examples:
        return {}
    errors = estimate_error([examples[cell][seed] - examples[against][seed] for seed in seeds])
    return {str(name): float(error) for name, error in errors.items()}


def compare_measure(
    measure: Measure,
    values: np.ndarray,
    others: np.ndarray,
    here: pd.DataFrame,
    there: pd.DataFrame,
    shared: float,
) -> tuple[Any, ...] | None:
    """Return the columns DIFFERENCE of one measure, or None if no seed has both values.

    The values (S,) are those of two cells with the same seeds, whose runs are `here` and `there`.
    """
    both = ~np.isnan(values - others)
    if not both.any():
        return None
    edge = 1.0 if measure.unit == "share" else math.inf
    grain = 1 / float(here[measure.grain].iloc[0]) if isinstance(measure.grain, str) else measure.grain
    mean, low, high, p = estimate_interval(values - others, grain=grain, low=-edge, high=edge, shared=shared)
    cap = (
        describe_caps([bool(runs[measure.cap].any()) for runs in (here, there)], mean) if measure.cap else ""
    )
    means = values[both].mean(), others[both].mean()
    return int(both.sum()), *means, mean, low, high, math.nan if cap == "both" else p, cap


def describe_caps(capped: Sequence[bool], difference: float) -> str:
    """Say which of two estimates are at their caps: "", "one" (a lower bound of the difference) or "both"."""
    if not any(capped):
        return ""
    return "one" if list(capped) == [difference > 0, difference < 0] else "both"


def mark_beyond_chance(table: pd.DataFrame, measures: Mapping[str, Measure]) -> pd.DataFrame:
    """Add the columns p_holm and beyond_chance to the table.

    A measure with a limit is beyond chance only where the limit is too, with the same sign.
    """
    family = ["question", "dataset", "measure"]
    # A table without rows has columns of any type, hence `astype`.
    ranked = table.dropna(subset="p").astype({"p": float}).sort_values("p")
    ranked["p_holm"] = ranked["p"] * (ranked.groupby(family).cumcount(ascending=False) + 1)
    table["p_holm"] = ranked.groupby(family)["p_holm"].cummax().clip(upper=1)
    table["beyond_chance"] = table["p_holm"] < 1 - LEVEL
    pair = PAIR[:-1]
    for name, measure in measures.items():
        if measure.limit:
            rows, limits = table[table["measure"] == name], table[table["measure"] == measure.limit]
            limits = limits.set_index(pair)[["difference", "beyond_chance"]].add_suffix("_limit")
            rows = rows.join(limits, on=pair)
            agrees = rows["beyond_chance_limit"].fillna(False).astype(bool)
            agrees &= rows["difference"] * rows["difference_limit"] > 0
            table.loc[rows.index, "beyond_chance"] &= agrees
    return table
