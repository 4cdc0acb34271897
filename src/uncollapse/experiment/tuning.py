"""`tune` in an entry of models or methods: the candidates among which the stage `tune` chooses."""

import json
from collections.abc import Mapping
from itertools import product
from math import prod
from typing import Any

from uncollapse.errors import UserError, shortened
from uncollapse.experiment.pieces import choose, resolve
from uncollapse.experiment.schema import Grid
from uncollapse.registry import folder
from uncollapse.tuning import Values, named

TUNE = "tune"  # a key beside the slots of an entry
MOST = 50  # candidates of a cell; each is trained once for each tuning seed
EARLIER = ("decoder", "posterior")  # what pretraining, in a stage before, builds its encoder with


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
    pretrains = slots.get("pretraining", {"use": "none"}) != {"use": "none"}
    if slot == "pretraining" or (pretrains and slot in EARLIER):
        raise UserError(
            f"{key}: cannot be tuned, for encoders are pretrained before; write an entry for each value"
        )
    arguments = [f"{piece}.{argument}" for piece, entry in pieces.items() for argument in entry]
    tunable = [each for each in arguments if not each.endswith(".use")]
    choose(key, name, tunable or ["none, for its pieces have no arguments"])
    if not isinstance(values, list) or not values:
        raise UserError(f"{key}: should be a list of values, not {shortened(values)}")


def typed(key: str, pieces: Mapping[str, dict[str, Any]], values: Values) -> Values:
    """The values of a candidate as its pieces take them. Raises UserError as `resolve` does."""
    found: Values = {}
    for piece, entry in pieces.items():
        own = {name.rpartition(".")[2]: name for name in values if name.rpartition(".")[0] == piece}
        if own:
            laid = {**entry, **{argument: values[name] for argument, name in own.items()}}
            resolved = resolve(f"{key}.{piece}", folder(piece.split(".")[0]), laid)
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
