"""Read and check the whole of params.yaml, and resolve its entries into pieces."""

import inspect
from collections.abc import Mapping
from copy import deepcopy
from math import prod
from pathlib import Path
from typing import Any

from uncollapse.check_entries import check_entry, choose_name, resolve_entry, validate_entry
from uncollapse.errors import MissingArgument, UserError
from uncollapse.experiment import schema
from uncollapse.experiment.cells import Cell
from uncollapse.experiment.tuning import TUNE, Values, check_count, check_seeds, list_candidates
from uncollapse.experiment.yaml_file import read_yaml
from uncollapse.registry import SLOTS, default_entries, find_function, list_names, make_piece
from uncollapse.training.hyperparameters import Training

MOST_CELLS = 10_000  # More would take years, and are a slip.


class Params:
    """A params.yaml of which every entry was checked, also those that the grid does not name."""

    def __init__(self, file: Path):
        """Read and check `file`. Raises UserError: one line that names the key and what would be valid."""
        entries = read_yaml(file)
        try:
            self.stated = validate_entry("", schema.ParamsEntry, entries)
            self.check()
        except UserError as error:
            raise UserError(f"{file.name}: {error}") from None

    @property
    def grid(self) -> schema.Grid:
        """The data sets, models, methods and seeds that are run."""
        return self.stated.grid

    def check(self) -> None:
        """Resolve every entry. Raises UserError."""
        self.resolved: dict[tuple[str, str, str], dict[str, Any]] = {}
        self.tuned: dict[tuple[str, str, str], list[Values]] = {}  # The candidates of each.
        self.datasets = {
            name: resolve_dataset(f"datasets.{name}", entry) for name, entry in self.stated.datasets.items()
        }
        for axis in ("datasets", "models", "methods"):
            for name in getattr(self.grid, axis):
                choose_name(f"grid.{axis}", name, getattr(self.stated, axis))
        count = prod(len(getattr(self.grid, axis)) for axis in ("datasets", "models", "methods"))
        if count > MOST_CELLS:
            raise UserError(f"grid: asks for {count:,} cells; the most is {MOST_CELLS:,}, so name fewer")
        for kind in ("models", "methods"):
            for name in getattr(self.stated, kind):
                for data in self.grid.datasets:
                    try:
                        self.resolved[kind, name, data] = self.resolve(kind, name, data)
                    except MissingArgument:
                        if name in getattr(
                            self.grid, kind
                        ):  # Otherwise data sets need not state all arguments.
                            raise
        tuned = [cell for cell in self.cells() if self.candidates(cell)]
        for cell in tuned:
            check_count(f"grid: {cell}", len(self.candidates(cell)))
        check_seeds(self.grid, str(tuned[0]) if tuned else "")

    def slots(self, kind: str, name: str, data: str) -> dict[str, Any]:
        """Return all slots of `models` or `methods` as an entry of the grid fills them for a data set."""
        return deepcopy(self.resolved[kind, name, data])

    def resolve(self, kind: str, name: str, data: str) -> dict[str, Any]:
        """Return all slots of `models` or `methods` as an entry fills them for a data set. Raises UserError.

        The candidates of the entry are checked, too, and kept.
        """
        key, entry = f"{kind}.{name}", getattr(self.stated, kind)[name]
        defaults = default_entries(kind)
        for slot in entry:
            choose_name(f"{key}.{slot}", slot, [*defaults, TUNE])
        resolved: dict[str, Any] = {}
        for slot, default in defaults.items():
            pieces = entry.get(slot, default)
            if SLOTS[slot].several:
                several = pieces if isinstance(pieces, list) else [pieces]
                resolved[slot] = [self.piece(f"{key}.{slot}", slot, piece, data) for piece in several]
            else:
                resolved[slot] = self.piece(f"{key}.{slot}", slot, pieces, data)
        if TUNE in entry:
            self.tuned[kind, name, data] = list_candidates(f"{key}.{TUNE}", resolved, entry[TUNE])
        return resolved

    def piece(self, key: str, slot: str, entry: object, data: str) -> dict[str, Any]:
        """Resolve a piece in a slot; the data set states the arguments that the entry leaves out."""
        use = str(entry.get("use")) if isinstance(entry, Mapping) else ""
        dataset = self.stated.datasets[data]
        try:
            return resolve_entry(key, SLOTS[slot].folder, entry, dataset.offer(use))
        except MissingArgument as error:
            other = f"datasets.{data}.{dataset.locate(use, error.argument)}"
            raise MissingArgument(f"{error}; {other} may also state it", error.argument) from None

    def candidates(self, cell: Cell) -> list[Values]:
        """Return the candidates of a cell, of its model and method together; none if it is not tuned."""
        models = self.tuned.get(("models", cell.model, cell.dataset), [{}])
        methods = self.tuned.get(("methods", cell.method, cell.dataset), [{}])
        return [{**model, **method} for model in models for method in methods if model or method]

    def cells(self) -> list[Cell]:
        """Return the cells of the grid."""
        grid = self.grid
        return [Cell(d, m, k) for d in grid.datasets for m in grid.models for k in grid.methods]


def resolve_dataset(key: str, entry: schema.Dataset) -> dict[str, Any]:
    """Return an entry of `datasets` with source, net and likelihood resolved. Raises UserError."""
    pieces = {
        part: resolve_entry(f"{key}.{part}", SLOTS[part].folder, getattr(entry, part))
        for part in default_entries("datasets")
    }
    net = make_piece(SLOTS["net"].folder, pieces["net"]).kind
    likelihood = make_piece(SLOTS["likelihood"].folder, pieces["likelihood"]).kind
    if net != likelihood:
        uses = f"{pieces['net']['use']} is for {net}, {pieces['likelihood']['use']} for {likelihood}"
        raise UserError(f"{key}: net and likelihood should be for the same kind of data; {uses}")
    check_arguments(f"{key}.arguments", entry.arguments or {})
    training = check_entry(f"{key}.training", Training, entry.training)
    if training["momentum"] and training["optimizer"] != "sgd":
        raise UserError(
            f"{key}.training.momentum: belongs to sgd, but optimizer is {training['optimizer']}; take it out"
        )
    return {**pieces, "split": entry.split.model_dump(), "training": training}


def check_arguments(key: str, arguments: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise UserError unless there are pieces of these names, in any slot, with these arguments."""
    slots = default_entries("models", "methods")
    folders = {piece: SLOTS[slot].folder for slot in slots for piece in list_names(SLOTS[slot].folder)}
    for piece, values in arguments.items():
        signature = inspect.signature(
            find_function(folders[choose_name(f"{key}.{piece}", piece, folders)], piece)
        )
        for argument in values:
            choose_name(f"{key}.{piece}.{argument}", argument, signature.parameters)
