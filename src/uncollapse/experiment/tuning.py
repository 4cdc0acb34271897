"""Tuning: `tune` in an entry of models or methods names the candidates; the stage `tune` chooses one of them.

A candidate is the values of some arguments, {"posterior.gamma": 0.6}. The rule looks at what a remedy is for,
and then at the fit: the lowest validation nll among the candidates that collapse no more than the control,
the same model and data without the remedy. So no strength is chosen for its nll that lets z collapse.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from math import prod
from statistics import fmean
from typing import Any

from uncollapse.entries import choose_name, resolve_entry
from uncollapse.errors import UserError, shortened
from uncollapse.experiment.schema import Grid
from uncollapse.registry import SLOTS

Values = dict[str, Any]  # by slot.argument, or slot.piece.argument where the slot holds a list
CONTROL = "control"
BEST = "the lowest validation nll of those that collapse no more than the control"
LEAST = "the least collapse, for all collapse more than the control"
TUNE = "tune"  # a key beside the slots of an entry
MOST = 50  # candidates of a cell; each is trained once for each tuning seed


def candidates(key: str, slots: Mapping[str, Any], tune: object) -> list[Values]:
    """The product of the lists of `tune`, whose keys are slot.argument, or slot.piece.argument where the slot
    holds a list. Values are of the types of the pieces that stand in the resolved `slots`.

    Raises UserError, which names `key` and the one below it, for what names no argument or nothing to choose
    from, for what a piece refuses, and for more than MOST candidates.
    """
    if not isinstance(tune, Mapping) or not tune:
        raise UserError(
            f"{key}: should be a mapping, such as {{slot.argument: [values]}}, not {shortened(tune)}"
        )
    tuned = {str(name): values for name, values in tune.items()}
    pieces = dict(named(slots))
    if len(pieces) < len([*named(slots)]):
        raise UserError(f"{key}: two pieces of a name stand in a slot; tune them in an entry of their own")
    for name, values in tuned.items():
        check(f"{key}.{name}", name, values, slots, pieces)
    check_count(key, prod(map(len, tuned.values())))
    found = [typed(key, pieces, dict(zip(tuned, values, strict=True))) for values in product(*tuned.values())]
    for name, values in tuned.items():
        if len({json.dumps(each[name]) for each in found}) < len(values):
            raise UserError(f"{key}.{name}: {shortened(values)} names something twice; name it once")
    return found


def check(
    key: str, name: str, values: object, slots: Mapping[str, Any], pieces: Mapping[str, dict[str, Any]]
) -> None:
    """Raises UserError unless `name` is an argument that can be tuned, and `values` a list of values."""
    slot = name.split(".")[0]
    pretrains = not SLOTS["pretraining"].is_default(slots.get("pretraining", SLOTS["pretraining"].entry))
    earlier = slot in SLOTS and "pretrain" in SLOTS[slot].stages
    if slot == "pretraining" or (pretrains and earlier):
        raise UserError(
            f"{key}: cannot be tuned, for encoders are pretrained before; write an entry for each value"
        )
    arguments = [f"{piece}.{argument}" for piece, entry in pieces.items() for argument in entry]
    tunable = [each for each in arguments if not each.endswith(".use")]
    choose_name(key, name, tunable or ["none, for its pieces have no arguments"])
    if not isinstance(values, list) or not values:
        raise UserError(f"{key}: should be a list of values, not {shortened(values)}")


def typed(key: str, pieces: Mapping[str, dict[str, Any]], values: Values) -> Values:
    """The values of a candidate as its pieces take them. Raises UserError as `resolve_entry` does."""
    found: Values = {}
    for piece, entry in pieces.items():
        own = {name.rpartition(".")[2]: name for name in values if name.rpartition(".")[0] == piece}
        if own:
            laid = {**entry, **{argument: values[name] for argument, name in own.items()}}
            resolved = resolve_entry(f"{key}.{piece}", SLOTS[piece.split(".")[0]].folder, laid)
            found |= {name: resolved[argument] for argument, name in own.items()}
    return found


def check_count(key: str, count: int) -> None:
    """Raises UserError for more candidates than anyone would train."""
    if count > MOST:
        raise UserError(f"{key}: asks for {count:,} candidates; {MOST} are the most, so name fewer values")


def check_seeds(grid: Grid, tuned: str) -> None:
    """Raises UserError where a tuned cell has no seeds to be tuned on, or those of the comparison."""
    if tuned and not grid.tuning_seeds:
        raise UserError(f"grid.tuning_seeds: should be stated, such as [1000, 1001], for {tuned} is tuned")
    if shared := sorted({*grid.seeds} & {*grid.tuning_seeds}):
        raise UserError(f"grid.tuning_seeds: {shortened(shared)} are in grid.seeds too; name others")


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


def choose_candidate(candidates: Sequence[Values], rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
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
