"""Find what every entry of params.yaml is compared with: the slots that it fills decide, not its name."""

import json
from collections.abc import Mapping
from typing import Any

from uncollapse.check_entries import resolve_entry
from uncollapse.experiment.cells import Cell
from uncollapse.experiment.params import Params
from uncollapse.experiment.tuning import TUNE
from uncollapse.registry import SLOTS, default_entries

FilledSlot = tuple[str, str]  # A slot and, as JSON, the piece in it with all arguments.


def find_roles(params: Params) -> dict[str, Any]:
    """Return which model of the grid is the VAE, which method is plain, and what else is compared.

    That is the methods of which each combination consists, and the control that a method has.
    """
    remedies: dict[str, dict[str, frozenset[FilledSlot]]] = {}
    for kind in ("models", "methods"):
        remedies[kind] = {
            name: find_remedies(params.slots(kind, name, params.grid.datasets[0]), resolve_defaults(kind))
            | find_tuning(getattr(params.stated, kind)[name])
            for name in getattr(params.grid, kind)
        }
    return {
        "vae": find_baseline(remedies["models"]),
        "plain": find_baseline(remedies["methods"]),
        "combinations": find_combinations(remedies["methods"]),
        "controls": find_controls(remedies["methods"]),
    }


def resolve_defaults(kind: str) -> dict[str, Any]:
    """Return all slots of `models` or `methods` as an entry without remedies fills them."""
    return {
        slot: piece if isinstance(piece, list) else resolve_entry(slot, SLOTS[slot].folder, piece)
        for slot, piece in default_entries(kind).items()
    }


def find_tuning_control(params: Params, cell: Cell) -> dict[str, Any]:
    """Return all slots of a tuned cell's control: its model with no method, or the VAE if it has none."""
    model, plain = params.slots("models", cell.model, cell.dataset), resolve_defaults("methods")
    alone = params.slots("methods", cell.method, cell.dataset) == plain
    return (resolve_defaults("models") if alone else model) | plain


def find_tuning(entry: Mapping[str, Any]) -> frozenset[FilledSlot]:
    """Return what an entry chooses from, as a remedy: entries that choose differently are not alike."""
    return frozenset([(TUNE, json.dumps(entry[TUNE], sort_keys=True))] if TUNE in entry else [])


def find_remedies(slots: Mapping[str, Any], defaults: Mapping[str, Any]) -> frozenset[FilledSlot]:
    """Return what resolved slots hold beyond the defaults; each piece of a list is a remedy."""

    def pieces(slots: Mapping[str, Any]) -> set[FilledSlot]:
        return {
            (slot, json.dumps(piece, sort_keys=True))
            for slot, entry in slots.items()
            for piece in (entry if isinstance(entry, list) else [entry])
        }

    return frozenset(pieces(slots) - pieces(defaults))


def find_baseline(remedies: Mapping[str, frozenset[FilledSlot]]) -> str | None:
    """Return the first entry without a remedy: the VAE among models, plain among methods; None if none is."""
    return next((name for name, held in remedies.items() if not held), None)


def find_combinations(remedies: Mapping[str, frozenset[FilledSlot]]) -> dict[str, list[str]]:
    """Return for every entry with two remedies or more the entries that hold some of these and nothing else.

    An entry whose remedies these entries do not hold together gets none.
    """
    consists: dict[str, list[str]] = {}
    for name, whole in remedies.items():
        if len(whole) > 1:
            parts = [other for other, part in remedies.items() if part and part < whole]
            complete = frozenset().union(*(remedies[part] for part in parts)) == whole
            consists[name] = parts if complete else []
    return consists


def find_controls(remedies: Mapping[str, frozenset[FilledSlot]]) -> dict[str, str]:
    """Return for every entry that pretrains the one that does all else alike and holds its reserve back.

    Plain also learns on the reserve. Compared with plain, pretraining pays for the examples that it uses up.
    """
    entries = {held: name for name, held in remedies.items()}
    [held_back] = SLOTS["pretraining"].controls
    reserve: FilledSlot = ("pretraining", json.dumps({"use": held_back}))
    result = {}
    for name, held in remedies.items():
        control = frozenset(remedy for remedy in held if remedy[0] != "pretraining") | {reserve}
        if any(slot == "pretraining" for slot, _ in held) and held != control and control in entries:
            result[name] = entries[control]
    return result
