"""Tuning: `tune` in an entry of models or methods names candidates, and the stage `tune` chooses one of them.

A candidate is the values of some arguments, {"posterior.gamma": 0.6}. The rule looks first at what a remedy
is for, and then at the fit: it takes the lowest validation nll among the candidates that collapse no more
than the control, which is the same model on the same data without the remedy. So no strength is chosen for
its nll although it lets z collapse.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from math import prod
from statistics import fmean
from typing import Any

from uncollapse.check_entries import choose_name, resolve_entry
from uncollapse.errors import UserError, shorten
from uncollapse.experiment.schema import Grid
from uncollapse.registry import SLOTS

Values = dict[str, Any]  # The keys are slot.argument, or slot.piece.argument where the slot holds a list.
CONTROL = "control"
BEST = "the lowest validation nll of those that collapse no more than the control"
LEAST = "the least collapse, for all collapse more than the control"
TUNE = "tune"  # This key stands beside the slots of an entry.
MOST_CANDIDATES = 50  # A cell trains each of its candidates once for each tuning seed.


def list_candidates(key: str, slots: Mapping[str, Any], tune: object) -> list[Values]:
    """Return the product of the lists of `tune`, with values of the types that the pieces in `slots` take.

    The keys of `tune` are slot.argument, or slot.piece.argument where the resolved slot holds a list. Raises
    UserError, which names `key` and the one below it, for what names no argument or nothing to choose from,
    for what a piece refuses, and for more than MOST_CANDIDATES candidates.
    """
    if not isinstance(tune, Mapping) or not tune:
        raise UserError(
            f"{key}: should be a mapping, such as {{slot.argument: [values]}}, not {shorten(tune)}"
        )
    tuned = {str(name): values for name, values in tune.items()}
    pieces = dict(name_pieces(slots))
    if len(pieces) < len([*name_pieces(slots)]):
        raise UserError(
            f"{key}: two pieces in a slot have the same name; tune them in an entry that holds one of them"
        )
    for name, values in tuned.items():
        check_argument(f"{key}.{name}", name, values, slots, pieces)
    check_count(key, prod(map(len, tuned.values())))
    found = [
        resolve_values(key, pieces, dict(zip(tuned, values, strict=True)))
        for values in product(*tuned.values())
    ]
    for name, values in tuned.items():
        if len({json.dumps(each[name]) for each in found}) < len(values):
            raise UserError(f"{key}.{name}: {shorten(values)} names something twice; name it once")
    return found


def check_argument(
    key: str, name: str, values: object, slots: Mapping[str, Any], pieces: Mapping[str, dict[str, Any]]
) -> None:
    """Raise UserError unless `name` is an argument that can be tuned, and `values` a list of values."""
    slot = name.split(".")[0]
    pretrains = not SLOTS["pretraining"].is_default(slots.get("pretraining", SLOTS["pretraining"].entry))
    earlier = slot in SLOTS and "pretrain" in SLOTS[slot].stages
    if slot == "pretraining" or (pretrains and earlier):
        raise UserError(
            f"{key}: cannot be tuned, because encoders are pretrained before; write an entry for each value"
        )
    arguments = [f"{piece}.{argument}" for piece, entry in pieces.items() for argument in entry]
    tunable = [each for each in arguments if not each.endswith(".use")]
    if not tunable:
        raise UserError(f"{key}: cannot be tuned: none of the pieces here has an argument; take it out")
    choose_name(key, name, tunable)
    if not isinstance(values, list) or not values:
        raise UserError(f"{key}: should be a list of values, not {shorten(values)}")


def resolve_values(key: str, pieces: Mapping[str, dict[str, Any]], values: Values) -> Values:
    """Return the values of a candidate as its pieces take them. Raises UserError as `resolve_entry` does."""
    found: Values = {}
    for piece, entry in pieces.items():
        own = {name.rpartition(".")[2]: name for name in values if name.rpartition(".")[0] == piece}
        if own:
            laid = {**entry, **{argument: values[name] for argument, name in own.items()}}
            resolved = resolve_entry(f"{key}.{piece}", SLOTS[piece.split(".")[0]].folder, laid)
            found |= {name: resolved[argument] for argument, name in own.items()}
    return found


def check_count(key: str, count: int) -> None:
    """Raise UserError for more candidates than anyone would train."""
    if count > MOST_CANDIDATES:
        most = f"the most is {MOST_CANDIDATES}, so name fewer values"
        raise UserError(f"{key}: asks for {count:,} candidates; {most}")


def check_seeds(grid: Grid, tuned: str) -> None:
    """Raise UserError where a tuned cell has no seeds to be tuned on, or only those of the comparison."""
    if tuned and not grid.tuning_seeds:
        raise UserError(
            f"grid.tuning_seeds: should be stated, such as [1000, 1001], because {tuned} is tuned"
        )
    if shared := sorted({*grid.seeds} & {*grid.tuning_seeds}):
        raise UserError(f"grid.tuning_seeds: {shorten(shared)} are also in grid.seeds; name others")


def name_pieces(slots: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the pieces of resolved slots by the name of the slot, or by slot.piece where it holds a list."""
    for slot, entry in slots.items():
        if isinstance(entry, list):
            yield from ((f"{slot}.{piece['use']}", piece) for piece in entry)
        else:
            yield slot, entry


def lay_values(slots: Mapping[str, Any], values: Values) -> dict[str, Any]:
    """Return resolved slots, such as a recipe's, with the values of a candidate in them.

    The values of slots that are not there are left out.
    """
    laid = dict(slots)
    for name, value in values.items():
        slot, *piece, argument = name.split(".")
        entry = laid.get(slot)
        if isinstance(entry, list):
            laid[slot] = [{**one, argument: value} if [one["use"]] == piece else one for one in entry]
        elif entry is not None:
            laid[slot] = {**entry, argument: value}
    return laid


def label_values(values: Values) -> str:
    """Return a candidate as text: posterior.gamma=0.6."""
    return " ".join(f"{name}={json.dumps(value)}" for name, value in values.items())


def choose_candidate(candidates: Sequence[Values], rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the choice: its `values`, the `rule` that made it, the `gflops` and number of all `trainings`.

    The work does not count the last epochs of trainings that diverged. A row is a training of a candidate or
    of the control: `candidate` (its label), `nll` (nats) and `collapsed` (a share), on validation data, and
    `gflops`. A candidate that diverged in one training cannot be chosen. Raises UserError if every candidate
    or every control diverged.
    """

    def mean(name: str, column: str) -> float:
        return fmean(float(row[column]) for row in rows if row["candidate"] == name)

    by_label = {label_values(values): values for values in candidates}
    nll = {name: mean(name, "nll") for name in by_label}
    collapsed = {name: mean(name, "collapsed") for name in by_label}
    whole = [name for name in by_label if math.isfinite(nll[name])]
    if not whole:
        raise UserError("every candidate's training diverged, so none can be chosen; try other values")
    controls = [row for row in rows if row["candidate"] == CONTROL and math.isfinite(float(row["nll"]))]
    if not controls:
        raise UserError("the control's training diverged with every seed, so no candidate can be chosen")
    limit = fmean(float(row["collapsed"]) for row in controls)
    if better := [name for name in whole if collapsed[name] <= limit]:
        chosen, rule = min(better, key=lambda name: nll[name]), BEST
    else:
        chosen, rule = min(whole, key=lambda name: (collapsed[name], nll[name])), LEAST
    gflops = math.fsum(float(row["gflops"]) for row in rows)
    return {"values": by_label[chosen], "rule": rule, "gflops": gflops, "trainings": len(rows)}
