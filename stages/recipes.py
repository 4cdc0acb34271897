"""Check params.yaml and write what determines each stage of each cell: recipes/<stage>/<name>.json.

Beside them stand recipes/grid.json, the list of cells, and the recipes of calibrate, report and track.
"""

import uncollapse.pipeline.watching.ctrl_c

from uncollapse.experiment.make_recipes import make_recipes, to_text
from uncollapse.experiment.params import Params
from uncollapse.pipeline.paths import PARAMS, recipe_file
from uncollapse.pipeline.stage import run


def main() -> None:
    """Write a file for each recipe."""
    for name, recipe in make_recipes(Params(PARAMS)).items():
        file = recipe_file(name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(to_text(recipe))


if __name__ == "__main__":
    run(main)
