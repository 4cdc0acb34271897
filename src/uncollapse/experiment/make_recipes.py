"""Make the recipes: everything that determines the result of a stage, for each name that it runs for.

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
from uncollapse.experiment.code_definitions import ALL
from uncollapse.experiment.comparisons import find_roles, find_tuning_control
from uncollapse.experiment.digests import HERE, Code, Root, digest, digest_files, digest_reached
from uncollapse.experiment.params import Params
from uncollapse.experiment.stages import STAGES
from uncollapse.registry import SLOTS, default_entries

Content = dict[str, Any]  # What the file of a recipe holds; stages read it as a `Recipe`.

PLAIN_VAE = "uncollapse/methods/plain_vae.py"  # This file builds its pieces by their names.
VALIDATION = ("tolerance", "most", "eps", "delta")  # `tune` reads these of the section `evaluation`.


def make_recipes(params: Params, code: Code = HERE) -> dict[str, Content]:
    """Return every recipe by the name of its file, such as train/mnist5k-vae-plain, and the grid itself."""
    of_cells = make_cell_recipes(params, code)
    digests = {name: digest(to_text(recipe).encode()) for name, recipe in of_cells.items()}
    page = [*find_script("report", code), *find_shown(code)]
    calibration = digest_sources(code, find_computing("calibrate", code))
    return {
        "grid": describe_grid(params),
        **of_cells,
        "calibrate": {"sources": calibration, "versions": read_versions()},
        "report": {
            "recipes": digests,
            "files": digest_files(code, page, find_documents(of_cells.values(), code)),
        },
        "track": {"recipes": digests, "files": digest_files(code, find_script("track", code))},
    }


def describe_grid(params: Params) -> Content:
    """Return the cells, and which of them are compared with which."""
    cells, evaluation = params.cells(), params.stated.evaluation.model_dump()
    return {"cells": cells, "seeds": params.grid.seeds, "evaluation": evaluation, **find_roles(params)}


def make_cell_recipes(params: Params, code: Code = HERE) -> dict[str, Content]:
    """Return the recipes of the stages that make cells, by the name of the file."""
    recipes: dict[str, Content] = {}
    tuned = [cell for cell in params.cells() if params.candidates(cell)]
    for data in params.grid.datasets:
        cell = Cell(data, params.grid.models[0], params.grid.methods[0])  # Only the data set matters here.
        prepared = make_recipe(params, "prepare", cell, code)
        prepared["seeds"] = list_seeds(params, tuned=any(data == each.dataset for each in tuned))
        del prepared["device"]
        recipes[name_recipe("prepare", cell)] = prepared
        for method in params.grid.methods:  # The model does not matter here.
            cell = cell._replace(method=method)
            pretrained = make_recipe(params, "pretrain", cell, code)
            here = any((data, method) == (each.dataset, each.method) for each in tuned)
            pretrained["seeds"] = list_seeds(params, tuned=here)
            recipes[name_recipe("pretrain", cell)] = pretrained
    for cell in params.cells():
        names = {"model": cell.model, "method": cell.method}
        recipes[name_recipe("tune", cell)] = names | make_tuning_recipe(params, cell, code)
        for stage in ("train", "evaluate"):
            recipes[name_recipe(stage, cell)] = names | make_recipe(params, stage, cell, code)
    return recipes


def name_recipe(stage: str, cell: Cell) -> str:
    """Return the name of the recipe of the job that makes a cell, or makes what the cell is made from."""
    return f"{stage}/{STAGES[stage].name_job(cell)}"


def make_recipe(params: Params, stage: str, cell: Cell, code: Code) -> Content:
    """Return what determines the numbers of a stage for a cell, and `seeds`, which say how often."""
    parts = {
        **params.datasets[cell.dataset],
        **params.slots("models", cell.model, cell.dataset),
        **params.slots("methods", cell.method, cell.dataset),
        "evaluation": params.stated.evaluation.model_dump(),
    }
    slots = [name for name, slot in SLOTS.items() if stage in slot.stages]
    needed = {name: parts[name] for name in (*slots, *STAGES[stage].settings)}
    return {
        "dataset": cell.dataset,
        **needed,
        "device": params.stated.device,
        "seeds": params.grid.seeds,
        "sources": digest_sources(code, [*find_computing(stage, code), *find_pieces(needed, code)]),
        "versions": read_versions(),
    }


def list_seeds(params: Params, *, tuned: bool) -> list[int]:
    """Return the seeds of the stages before `tune` and `train`: those of both, where a cell is tuned."""
    return [*params.grid.seeds, *(params.grid.tuning_seeds if tuned else ())]


def make_tuning_recipe(params: Params, cell: Cell, code: Code) -> Content:
    """Return what determines the choice for a tuned cell.

    The recipe of another cell says only that it has no candidates, so its output is never out of date.
    """
    candidates = params.candidates(cell)
    if not candidates:
        return {"candidates": []}
    own, control = make_recipe(params, "tune", cell, code), find_tuning_control(params, cell)
    roots = [*find_computing("tune", code), *find_pieces(own, code), *find_pieces(control, code)]
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
    found = digest_reached(code, roots)
    if PLAIN_VAE in found:
        found = digest_reached(code, [*roots, *find_pieces(default_entries("models", "methods"), code)])
    return found


def find_script(stage: str, code: Code) -> list[Root]:
    """Return a stage's script."""
    return [(code.stages / f"{stage}.py", ALL)]


def find_computing(stage: str, code: Code) -> list[Root]:
    """Return a stage's script, and what computes although the script does not import it."""
    measures = code.package.glob("measures/*.py") if stage == "evaluate" else ()  # Found by their folder.
    return [*find_script(stage, code), *((file, "measure") for file in measures)]


def find_pieces(parts: Mapping[str, Any], code: Code) -> list[Root]:
    """Return the functions of all pieces that stand in a recipe."""
    return [
        (code.package / SLOTS[name].folder / f"{piece['use']}.py", piece["use"])
        for name, part in parts.items()
        if name in SLOTS
        for piece in (part if isinstance(part, list) else [part])
    ]


def find_shown(code: Code) -> Iterator[Root]:
    """Yield what the report finds by its folder: charts, and how every measure is shown."""
    yield from ((file, ALL) for file in code.package.glob("report/**/*.py"))
    yield from ((file, "COLUMNS") for file in code.package.glob("measures/*.py"))


def find_documents(recipes: Iterable[Content], code: Code) -> Iterator[Path]:
    """Yield the template of the report, and the pieces of methods, whose docstrings the report shows."""
    yield from code.package.glob("report/template/*")
    slots = default_entries("models", "methods").keys()
    for recipe in recipes:
        shown = {slot: recipe[slot] for slot in slots & recipe.keys()}
        yield from (file for file, _ in find_pieces(shown, code))


@cache
def read_versions() -> dict[str, str]:
    """Return the versions of the libraries that compute."""
    return {library: version(library) for library in ("numpy", "scikit-learn", "torch")}


def to_text(recipe: Mapping[str, Any]) -> str:
    """Return a recipe as its file holds it."""
    return json.dumps(recipe, indent=2) + "\n"
