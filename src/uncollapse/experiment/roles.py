"""Which entry of params.yaml is compared with which: told by what the entries fill in, whatever their names are."""

import json
from collections.abc import Mapping
from typing import Any

from uncollapse.experiment.params import Params
from uncollapse.experiment.pieces import resolve
from uncollapse.methods import SLOTS

Part = tuple[str, str]  # a slot and, as JSON, a piece in it with all arguments


def parts(slots: Mapping[str, Any], defaults: Mapping[str, Any]) -> frozenset[Part]:
    """What resolved slots hold beyond the resolved defaults; of a slot that holds a list, each piece."""

    def all_of(filled: Mapping[str, Any]) -> set[Part]:
        return {
            (slot, json.dumps(piece, sort_keys=True))
            for slot, pieces in filled.items()
            for piece in (pieces if isinstance(pieces, list) else [pieces])
        }

    return frozenset(all_of(slots) - all_of(defaults))


def baseline(held: Mapping[str, frozenset[Part]]) -> str | None:
    """The first entry that holds nothing beyond the defaults: the VAE among models, `plain` among methods; None where there is none."""
    return next((name for name, mine in held.items() if not mine), None)


def combinations(held: Mapping[str, frozenset[Part]]) -> dict[str, list[str]]:
    """For every entry of two parts or more, the entries that hold some of these and nothing else; none where these together do not hold all."""
    found = {}
    for name, mine in held.items():
        if len(mine) > 1:
            parts_of = [other for other, theirs in held.items() if theirs and theirs < mine]
            found[name] = parts_of if frozenset().union(*(held[other] for other in parts_of)) == mine else []
    return found


def roles(params: Params) -> dict[str, Any]:
    """Which model of the grid is the VAE, which method is plain, and of which other methods each combination consists."""
    held = {}
    for kind, slots in SLOTS.items():
        defaults = {
            slot: piece if isinstance(piece, list) else resolve(slot, f"methods/{slot}", piece)
            for slot, piece in slots.items()
        }
        first = params.grid["datasets"][0]
        held[kind] = {name: parts(params.slots(kind, name, first), defaults) for name in params.grid[kind]}
    return {
        "vae": baseline(held["models"]),
        "plain": baseline(held["methods"]),
        "combinations": combinations(held["methods"]),
    }
