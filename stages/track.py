"""Mirror the cells of the grid to MLflow: the store mlflow.db here, and then the server of MLFLOW_TRACKING_URI where that is set."""

import os
import sys

from uncollapse.errors import UserError
from uncollapse.pipeline.condition import current
from uncollapse.pipeline.outputs import training
from uncollapse.tracking.mirror import mirror
from uncollapse.tracking.runs import STORE, card_of, grid, runs, started
from uncollapse.tracking.store import shown


def main() -> None:
    """All cells; those that are not made as params.yaml has them are named and left out."""
    cells, seeds = grid()
    made = [cell for cell in cells if current(cell)]
    missing = [cell for cell in cells if cell not in made]
    told = [cell for cell in missing if training(cell).failure.exists() and card_of(cell).exists()]
    failed = [started(cell, seed).key for cell in told for seed in seeds]
    found = [run for cell in made for run in runs(cell, seeds)]
    for uri in dict.fromkeys([STORE, os.environ.get("MLFLOW_TRACKING_URI") or STORE]):
        added, mended = mirror(found, uri, failed)
        print(f"track: {len(found)} runs in {shown(uri)}, {added} of them new, {mended} mended")
    if missing:
        print(f"track: without {', '.join(map(str, missing))}: not made, or not as params.yaml has it now")


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        sys.exit(f"error: {error}")
