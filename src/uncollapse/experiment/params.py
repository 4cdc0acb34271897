"""params.yaml -> cells and recipes.

A cell is one data set x model x method. A recipe is everything that determines the numbers of one stage for one cell: every
slot and every argument, defaults included, and digests of the source code that is used. DVC runs a stage again exactly
when its recipe or its data have changed.
"""

import inspect
import json
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

from uncollapse.errors import MissingArgument, UserError
from uncollapse.experiment.cells import Cell
from uncollapse.experiment.digests import sources
from uncollapse.experiment.pieces import check, choose, resolve
from uncollapse.experiment.schema import dataset, evaluation, grid, params
from uncollapse.methods import SLOTS
from uncollapse.registry import PACKAGE, build, function, names

Recipe = dict[str, Any]

NEEDS = {  # what each stage reads of a recipe
    "prepare": ("source", "split", "likelihood"),
    "pretrain": ("net", "likelihood", "decoder", "posterior", "pretraining"),
    "train": ("net", "likelihood", *SLOTS["models"], *SLOTS["methods"], "training"),
    "evaluate": ("net", "likelihood", "decoder", "posterior", "evaluation"),
}


class Params:
    """A params.yaml that was checked whole: every entry, also those that the grid does not name."""

    def __init__(self, file: Path):
        """Read and check `file`. Raises UserError with one line that names the key and what would be valid."""
        try:
            raw = yaml.safe_load(file.read_text())
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise UserError(f"{file.name}: not YAML: {' '.join(str(error).split())}") from None
        self.root = f"{file.name}: "
        self.device = check(f"{self.root}top level", params, raw)["device"]
        self.grid = check(f"{self.root}grid", grid, raw["grid"])
        self.evaluation = check(f"{self.root}evaluation", evaluation, raw["evaluation"])
        self.datasets = {name: self.dataset(name, entry) for name, entry in raw["datasets"].items()}
        self.entries: dict[str, Mapping[str, Any]] = {kind: raw[kind] for kind in SLOTS}
        for axis, entries in {"datasets": self.datasets, **self.entries}.items():
            for name in self.grid[axis]:
                choose(f"{self.root}grid.{axis}", name, entries)
        for axis, values in self.grid.items():
            if len(set(values)) < len(values):
                raise UserError(f"{self.root}grid.{axis}: {values} names something twice; name it once")
        for kind, entries in self.entries.items():
            for name in entries:
                for data in self.grid["datasets"]:
                    try:
                        self.slots(kind, name, data)
                    except (
                        MissingArgument
                    ):  # the data set need not state arguments of what it is not tried with
                        if name in self.grid[kind]:
                            raise

    def dataset(self, name: str, entry: object) -> Recipe:
        """An entry of `datasets`, resolved."""
        from uncollapse.data.prepare import (
            split,
        )  # here, because who only reads a Cell should not wait for torch
        from uncollapse.training import Training

        key = f"{self.root}datasets.{name}"
        found = check(key, dataset, entry)
        folders = {"source": "data/sources", "net": "nets", "likelihood": "likelihoods"}
        pieces = {part: resolve(f"{key}.{part}", folder, found[part]) for part, folder in folders.items()}
        kinds = [build(folders[part], pieces[part]).kind for part in ("net", "likelihood")]
        if kinds[0] != kinds[1]:
            uses = f"{pieces['net']['use']} is for {kinds[0]}, {pieces['likelihood']['use']} for {kinds[1]}"
            raise UserError(f"{key}: net and likelihood should be for the same kind of data; {uses}")
        return {
            **pieces,
            "split": check(f"{key}.split", split, found["split"]),
            "training": check(f"{key}.training", Training, found["training"]),
            "offered": self.arguments(f"{key}.arguments", found["arguments"] or {}),
            "kl_target": found["kl_target"],
        }

    def arguments(self, key: str, given: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Mapping[str, Any]]:
        """What a data set states for pieces of any slot, by piece, if there are such pieces with such arguments."""
        folders = {
            piece: f"methods/{slot}"
            for entries in SLOTS.values()
            for slot in entries
            for piece in names(f"methods/{slot}")
        }
        for piece, arguments in given.items():
            signature = inspect.signature(function(folders[choose(f"{key}.{piece}", piece, folders)], piece))
            for argument in arguments:
                choose(f"{key}.{piece}.{argument}", argument, signature.parameters)
        return given

    def slots(self, kind: str, name: str, data: str) -> Recipe:
        """The slots that an entry of `models` or `methods` fills, resolved for a data set."""
        key, entry = f"{self.root}{kind}.{name}", self.entries[kind][name]
        if not isinstance(entry, Mapping):
            raise UserError(f"{key}: should be a mapping of slots, such as {{}}, not {entry!r}")
        for slot in entry:
            choose(f"{key}.{slot}", slot, SLOTS[kind])

        def one(place: str, slot: str, piece: Any) -> Recipe:
            target, offered = self.datasets[data]["kl_target"], self.datasets[data]["offered"]
            stated = offered.get(piece.get("use"), {}) if isinstance(piece, Mapping) else {}
            try:
                return resolve(
                    place, f"methods/{slot}", piece, {**({"kl_target": target} if target else {}), **stated}
                )
            except MissingArgument as error:
                argument = str(error).split(": ")[1].split(".")[-1]
                there = argument if argument == "kl_target" else f"arguments.{piece['use']}.{argument}"
                raise MissingArgument(f"{error}; datasets.{data}.{there} may state it too") from None

        found: Recipe = {}
        for slot, piece in {**SLOTS[kind], **entry}.items():
            place = f"{key}.{slot}"
            if isinstance(SLOTS[kind][slot], list):
                found[slot] = [
                    one(place, slot, part) for part in (piece if isinstance(piece, list) else [piece])
                ]
            else:
                found[slot] = one(place, slot, piece)
        return found

    def cells(self) -> list[Cell]:
        """The cells of the grid."""
        g = self.grid
        return [Cell(d, m, k) for d in g["datasets"] for m in g["models"] for k in g["methods"]]

    def recipe(self, stage: str, data: str, model: str, method: str) -> Recipe:
        """What determines the numbers of a stage for a cell, `seeds` aside, which say how often."""
        slots = {**self.slots("models", model, data), **self.slots("methods", method, data)}
        everything = {**self.datasets[data], **slots, "evaluation": self.evaluation}
        needed = {what: everything[what] for what in NEEDS[stage]}
        folders = {
            "source": "data/sources",
            "net": "nets",
            "likelihood": "likelihoods",
            **{slot: f"methods/{slot}" for slot in slots},
        }
        pieces = [
            (what, piece)
            for what, part in needed.items()
            for piece in (part if isinstance(part, list) else [part])
        ]
        used = [PACKAGE / folders[what] / f"{piece['use']}.py" for what, piece in pieces if what in folders]
        return {
            "dataset": data,
            **needed,
            "device": self.device,
            "seeds": self.grid["seeds"],
            **code(stage, used),
        }

    def recipes(self) -> Iterator[tuple[str, Recipe]]:
        """Every recipe of the grid with the name of its file, e.g. train/mnist5k-vae-plain."""
        first = self.grid["models"][0]  # preparing and pretraining do not depend on the model
        for data in self.grid["datasets"]:
            prepared = self.recipe("prepare", data, first, self.grid["methods"][0])
            yield (
                f"prepare/{data}",
                {name: part for name, part in prepared.items() if name not in ("seeds", "device")},
            )
            for method in self.grid["methods"]:
                yield f"pretrain/{data}-{method}", self.recipe("pretrain", data, first, method)
        for cell in self.cells():
            for stage in ("train", "evaluate"):
                yield (
                    f"{stage}/{cell}",
                    {"model": cell.model, "method": cell.method, **self.recipe(stage, *cell)},
                )
        yield "calibrate", code("calibrate", [])


def code(stage: str, used: Iterable[Path]) -> Recipe:
    """Digests of a stage's script, of the files `used` and of all that they import; and the versions of the libraries that compute."""
    versions = {library: version(library) for library in ("numpy", "scikit-learn", "torch")}
    return {"sources": sources([Path("stages") / f"{stage}.py", *used]), "versions": versions}


def text(recipe: Recipe) -> str:
    """A recipe as its file holds it."""
    return json.dumps(recipe, indent=2) + "\n"
