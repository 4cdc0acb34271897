"""Tuning: which candidate is the optimum of a method, by validation data and seeds of its own.

A candidate is the values of some arguments, {"posterior.gamma": 0.6}. The rule looks at what a remedy is for,
and then at the fit: the lowest validation nll among the candidates that collapse no more than the control,
the same model and data without the remedy. So no strength is chosen for its nll that lets z collapse.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean
from typing import Any

from uncollapse.errors import UserError

Values = dict[str, Any]  # by slot.argument, or slot.piece.argument where the slot holds a list
CONTROL = "control"
BEST = "the lowest validation nll of those that collapse no more than the control"
LEAST = "the least collapse, for all collapse more than the control"


def named(slots: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The pieces of resolved slots, by the name of the slot; in a list by slot.piece."""
    for slot, entry in slots.items():
        if isinstance(entry, list):
            yield from ((f"{slot}.{piece['use']}", piece) for piece in entry)
        else:
            yield slot, entry


def lay(slots: Mapping[str, Any], values: Values) -> dict[str, Any]:
    """Resolved slots, such as a recipe's, with the values of a candidate in them. Those of slots that are not
    there are left out."""
    laid = dict(slots)
    for name, value in values.items():
        slot, *piece, argument = name.split(".")
        entry = laid.get(slot)
        if isinstance(entry, list):
            laid[slot] = [{**one, argument: value} if [one["use"]] == piece else one for one in entry]
        elif entry is not None:
            laid[slot] = {**entry, argument: value}
    return laid


def label(values: Values) -> str:
    """A candidate as text: posterior.gamma=0.6."""
    return " ".join(f"{name}={json.dumps(value)}" for name, value in values.items())


def choose(candidates: Sequence[Values], rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The choice: its `values`, the `rule` by which it was made, and what it took: the `gflops` of all
    trainings and their number, `trainings`, without the last epochs of those that diverged.

    A row is a training of a candidate or of the control: `candidate` (its label), `nll` (nats) and
    `collapsed` (a share), on validation data, and `gflops`. What diverged in one of them cannot be chosen.
    Raises UserError if every candidate or every control did.
    """

    def mean(name: str, column: str) -> float:
        return fmean(float(row[column]) for row in rows if row["candidate"] == name)

    by_label = {label(values): values for values in candidates}
    nll, collapsed = ({name: mean(name, column) for name in by_label} for column in ("nll", "collapsed"))
    whole = [name for name in by_label if math.isfinite(nll[name])]
    if not whole:
        raise UserError("no candidate can be chosen, for the training of each diverged; try other values")
    controls = [row for row in rows if row["candidate"] == CONTROL and math.isfinite(float(row["nll"]))]
    if not controls:
        raise UserError("no candidate can be chosen, for the training of the control diverged in all seeds")
    limit = fmean(float(row["collapsed"]) for row in controls)
    if better := [name for name in whole if collapsed[name] <= limit]:
        chosen, rule = min(better, key=lambda name: nll[name]), BEST
    else:
        chosen, rule = min(whole, key=lambda name: (collapsed[name], nll[name])), LEAST
    gflops = math.fsum(float(row["gflops"]) for row in rows)
    return {"values": by_label[chosen], "rule": rule, "gflops": gflops, "trainings": len(rows)}
