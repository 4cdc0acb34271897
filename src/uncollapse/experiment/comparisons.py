"""Which entries of params.yaml are compared with which: what they fill in decides, not their names."""

import json
from collections.abc import Mapping
from typing import Any

from uncollapse.entries import resolve_entry
from uncollapse.experiment.cells import Cell
from uncollapse.experiment.params import Params
from uncollapse.experiment.tuning import TUNE
from uncollapse.registry import SLOTS, default_entries

Remedy = tuple[str, str]  # a slot and, as JSON, a piece in it with all arguments


def roles(params: Params) -> dict[str, Any]:
    """Which model of the grid is the VAE, which method is plain, what each combination consists of, and
    which control a method has."""
    remedies: dict[str, dict[str, frozenset[Remedy]]] = {}
    for kind in ("models", "methods"):
        remedies[kind] = {
            name: remedies_of(params.slots(kind, name, params.grid.datasets[0]), defaults(kind))
            | tuning(getattr(params.stated, kind)[name])
            for name in getattr(params.grid, kind)
        }
    return {
        "vae": baseline(remedies["models"]),
        "plain": baseline(remedies["methods"]),
        "combinations": combinations(remedies["methods"]),
        "controls": controls(remedies["methods"]),
    }


def defaults(kind: str) -> dict[str, Any]:
    """All slots of `models` or `methods` as an entry without remedies fills them."""
    return {
        slot: piece if isinstance(piece, list) else resolve_entry(slot, SLOTS[slot].folder, piece)
        for slot, piece in default_entries(kind).items()
    }


def tuning_control(params: Params, cell: Cell) -> dict[str, Any]:
    """All slots of what the candidates of a cell are held against: its model with no method; where it has no
    method, the VAE."""
    model, plain = params.slots("models", cell.model, cell.dataset), defaults("methods")
    alone = params.slots("methods", cell.method, cell.dataset) == plain
    return (defaults("models") if alone else model) | plain


def tuning(entry: Mapping[str, Any]) -> frozenset[Remedy]:
    """What an entry chooses from, as a remedy: two that choose otherwise are not alike."""
    return frozenset([(TUNE, json.dumps(entry[TUNE], sort_keys=True))] if TUNE in entry else [])


def remedies_of(slots: Mapping[str, Any], defaults: Mapping[str, Any]) -> frozenset[Remedy]:
    """What resolved slots hold beyond the resolved defaults; of a slot that holds a list, each piece."""

    def pieces(slots: Mapping[str, Any]) -> set[Remedy]:
        return {
            (slot, json.dumps(piece, sort_keys=True))
            for slot, entry in slots.items()
            for piece in (entry if isinstance(entry, list) else [entry])
        }

    return frozenset(pieces(slots) - pieces(defaults))


def baseline(remedies: Mapping[str, frozenset[Remedy]]) -> str | None:
    """The first entry without a remedy: the VAE among models, plain among methods; None if there is none."""
    return next((name for name, held in remedies.items() if not held), None)


def combinations(remedies: Mapping[str, frozenset[Remedy]]) -> dict[str, list[str]]:
    """For every entry with two remedies or more, the entries that hold some of these and nothing else.

    None of them where together they do not hold all.
    """
    consists: dict[str, list[str]] = {}
    for name, whole in remedies.items():
        if len(whole) > 1:
            parts = [other for other, part in remedies.items() if part and part < whole]
            complete = frozenset().union(*(remedies[part] for part in parts)) == whole
            consists[name] = parts if complete else []
    return consists


def controls(remedies: Mapping[str, frozenset[Remedy]]) -> dict[str, str]:
    """For every entry that pretrains, the one that does all else alike and holds its reserve back.

    Plain learns on the reserve too: held against it, pretraining pays for the examples that it uses up.
    """
    entries = {held: name for name, held in remedies.items()}
    [held_back] = SLOTS["pretraining"].controls
    reserve: Remedy = ("pretraining", json.dumps({"use": held_back}))
    result = {}
    for name, held in remedies.items():
        control = frozenset(remedy for remedy in held if remedy[0] != "pretraining") | {reserve}
        if any(slot == "pretraining" for slot, _ in held) and held != control and control in entries:
            result[name] = entries[control]
    return result
