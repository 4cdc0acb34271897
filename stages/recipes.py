"""Check params.yaml and write what determines each stage of each cell: recipes/<stage>/<name>.json.

Beside them recipes/grid.json, the list of cells, and the recipes of calibrate, report and track.
"""

import sys
from pathlib import Path

from uncollapse.errors import UserError
from uncollapse.experiment.params import Params
from uncollapse.experiment.recipes import recipes, text

try:
    written = recipes(Params(Path("params.yaml")))
except UserError as error:
    sys.exit(f"error: {error}")
for name, recipe in written.items():
    file = Path("recipes") / f"{name}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text(recipe))
