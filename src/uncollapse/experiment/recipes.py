"""Recipes: everything that determines the result of one stage, for one cell where it has cells.

A recipe holds the resolved slots with every argument, and digests of the code that is used. DVC runs a stage
again exactly when its recipe or its data have changed.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from uncollapse.experiment.cells import Cell
from uncollapse.experiment.comparisons import roles, tuning_control
from uncollapse.experiment.digests import ALL, HERE, Code, Root, digest, files, sources
from uncollapse.experiment.params import Params
from uncollapse.registry import SLOTS, default_entries

Recipe = dict[str, Any]

# The sections of params.yaml, and the keys of a data set, that each stage reads beside its slots.
STAGE_SETTINGS = {
    "prepare": ("split",),
    "pretrain": (),
    "tune": ("training", "evaluation"),
    "train": ("training",),
    "evaluate": ("evaluation",),
}
PLAIN_VAE = "uncollapse/methods/plain_vae.py"  # It builds its pieces by their names.
VALIDATION = ("tolerance", "most", "eps", "delta")  # what `tune` reads of the section `evaluation`


def recipes(params: Params, code: Code = HERE) -> dict[str, Recipe]:
    """Every recipe, by the name of its file, such as train/mnist5k-vae-plain; and the grid itself."""
    of_cells = cell_recipes(params, code)
    digests = {name: digest(text(recipe).encode()) for name, recipe in of_cells.items()}
    page = files(code, [*script("report", code), *shown(code)], documents(of_cells.values(), code))
    return {
        "grid": grid(params),
        **of_cells,
        "calibrate": {"sources": digest_sources(code, computing("calibrate", code)), "versions": versions()},
        "report": {"recipes": digests, "files": page},
        "track": {"recipes": digests, "files": files(code, script("track", code))},
    }


def grid(params: Params) -> Recipe:
    """The cells and what is compared with what."""
    cells, evaluation = params.cells(), params.stated.evaluation.model_dump()
    return {"cells": cells, "seeds": params.grid.seeds, "evaluation": evaluation, **roles(params)}


def cell_recipes(params: Params, code: Code = HERE) -> dict[str, Recipe]:
    """The recipes of the stages that make cells, by the name of the file."""
    recipes: dict[str, Recipe] = {}
    tuned = [cell for cell in params.cells() if params.candidates(cell)]
    for data in params.grid.datasets:
        cell = Cell(data, params.grid.models[0], params.grid.methods[0])  # of which only the data set matters
        prepared = recipe(params, "prepare", cell, code)
        prepared["seeds"] = seeds(params, tuned=any(data == each.dataset for each in tuned))
        recipes[f"prepare/{data}"] = {key: part for key, part in prepared.items() if key != "device"}
        for method in params.grid.methods:  # the model does not matter
            pretrained = recipe(params, "pretrain", cell._replace(method=method), code)
            here = any((data, method) == (each.dataset, each.method) for each in tuned)
            recipes[f"pretrain/{data}-{method}"] = pretrained | {"seeds": seeds(params, tuned=here)}
    for cell in params.cells():
        names = {"model": cell.model, "method": cell.method}
        recipes[f"tune/{cell}"] = names | tuning(params, cell, code)
        for stage in ("train", "evaluate"):
            recipes[f"{stage}/{cell}"] = names | recipe(params, stage, cell, code)
    return recipes


def recipe(params: Params, stage: str, cell: Cell, code: Code) -> Recipe:
    """What determines the numbers of a stage for a cell, and `seeds`, which say how often."""
    parts = {
        **params.datasets[cell.dataset],
        **params.slots("models", cell.model, cell.dataset),
        **params.slots("methods", cell.method, cell.dataset),
        "evaluation": params.stated.evaluation.model_dump(),
    }
    slots = [name for name, slot in SLOTS.items() if stage in slot.stages]
    needed = {name: parts[name] for name in (*slots, *STAGE_SETTINGS[stage])}
    return {
        "dataset": cell.dataset,
        **needed,
        "device": params.stated.device,
        "seeds": params.grid.seeds,
        "sources": digest_sources(code, [*computing(stage, code), *pieces(needed, code)]),
        "versions": versions(),
    }


def seeds(params: Params, *, tuned: bool) -> list[int]:
    """The seeds of what comes before `tune` and `train`: those of both, where a tuned cell is made of it."""
    return [*params.grid.seeds, *(params.grid.tuning_seeds if tuned else ())]


def tuning(params: Params, cell: Cell, code: Code) -> Recipe:
    """What determines the choice for a tuned cell; for another one no more than that it has no candidates,
    so that its output is never out of date."""
    candidates = params.candidates(cell)
    if not candidates:
        return {"candidates": []}
    own, control = recipe(params, "tune", cell, code), tuning_control(params, cell)
    roots = [*computing("tune", code), *pieces(own, code), *pieces(control, code)]
    return {
        **own,
        "evaluation": {name: own["evaluation"][name] for name in VALIDATION},
        "candidates": candidates,
        "control": control,
        "seeds": params.grid.tuning_seeds,
        "sources": digest_sources(code, roots),
    }


def digest_sources(code: Code, roots: list[Root]) -> dict[str, str]:
    """Return the digests of the code that `roots` reach, and of the default pieces for `plain_vae`."""
    found = sources(code, roots)
    if PLAIN_VAE in found:
        found = sources(code, [*roots, *pieces(default_entries("models", "methods"), code)])
    return found


def script(stage: str, code: Code) -> list[Root]:
    """A stage's script."""
    return [(code.stages / f"{stage}.py", ALL)]


def computing(stage: str, code: Code) -> list[Root]:
    """A stage's script, and what computes without being imported by it."""
    measures = code.package.glob("measures/*.py") if stage == "evaluate" else ()  # found by their folder
    return [
        *script(stage, code),
        *((file, "measure") for file in measures),
    ]


def pieces(parts: Mapping[str, Any], code: Code) -> list[Root]:
    """The functions of all pieces that stand in a recipe."""
    return [
        (code.package / SLOTS[name].folder / f"{piece['use']}.py", piece["use"])
        for name, part in parts.items()
        if name in SLOTS
        for piece in (part if isinstance(part, list) else [part])
    ]


def shown(code: Code) -> Iterator[Root]:
    """What the report finds by its folder: charts, and how every measure is shown."""
    yield from ((file, ALL) for file in code.package.glob("report/**/*.py"))
    yield from ((file, "COLUMNS") for file in code.package.glob("measures/*.py"))


def documents(recipes: Iterable[Recipe], code: Code) -> Iterator[Path]:
    """The template of the report, and the pieces of methods, whose docstrings it shows."""
    yield from code.package.glob("report/template/*")
    slots = default_entries("models", "methods").keys()
    for recipe in recipes:
        yield from (file for file, _ in pieces({slot: recipe[slot] for slot in slots & recipe.keys()}, code))


@cache
def versions() -> dict[str, str]:
    """The versions of the libraries that compute."""
    return {library: version(library) for library in ("numpy", "scikit-learn", "torch")}


def text(recipe: Recipe) -> str:
    """A recipe as its file holds it."""
    return json.dumps(recipe, indent=2) + "\n"
