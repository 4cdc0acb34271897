"""Mirror the cells of the grid to MLflow: to mlflow.db, and to the server of MLFLOW_TRACKING_URI."""

import uncollapse.pipeline.watching.ctrl_c

from uncollapse.pipeline.stage import run
from uncollapse.pipeline.watching.freshness import is_current
from uncollapse.tracking.cells import with_cells
from uncollapse.tracking.gather import failed_keys, finished_runs, grid
from uncollapse.tracking.mirror import mirror
from uncollapse.tracking.store import LOCAL, server, without_credentials


def main() -> None:
    """Mirror all cells that are current; name the others, which are left out."""
    cells, seeds = grid()
    missing = [cell for cell in cells if not is_current(cell)]
    runs = with_cells({cell: finished_runs(cell) for cell in cells if cell not in missing})
    for uri in dict.fromkeys([LOCAL, server()]):
        added, mended = mirror(runs, uri, failed_keys(missing, seeds))
        print(f"track: {len(runs)} runs in {without_credentials(uri)}, {added} of them new, {mended} mended")
    if missing:
        print(f"track: without {', '.join(map(str, missing))}: not made, or not as params.yaml has it now")


if __name__ == "__main__":
    run(main)
