"""Check params.yaml and write a recipe for every stage of every cell: recipes/<stage>/<name>.json; and
recipes/grid.json, the list of cells."""

import sys
from pathlib import Path

from uncollapse.errors import UserError
from uncollapse.experiment.params import Params, text
from uncollapse.experiment.roles import roles

try:
    params = Params(Path("params.yaml"))
    recipes = dict(params.recipes())
    found = roles(params)
except UserError as error:
    sys.exit(f"error: {error}")
grid = {"cells": params.cells(), "seeds": params.grid["seeds"], "evaluation": params.evaluation, **found}
for name, recipe in {"grid": grid, **recipes}.items():
    file = Path("recipes") / f"{name}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text(recipe))
