"""Mirror the cells of the grid to MLflow: to mlflow.db, and to the server of MLFLOW_TRACKING_URI."""

import uncollapse.pipeline.watching.ctrl_c

from uncollapse.pipeline.stage import run
from uncollapse.pipeline.watching.freshness import is_current
from uncollapse.tracking.cells import nest_in_cells
from uncollapse.tracking.mirror import mirror_runs
from uncollapse.tracking.seeds import list_failed_keys, make_finished_runs, read_cells_and_seeds
from uncollapse.tracking.store import LOCAL, find_server, hide_credentials


def main() -> None:
    """Mirror all cells that are current; name the others, which are left out."""
    cells, seeds = read_cells_and_seeds()
    missing = [cell for cell in cells if not is_current(cell)]
    runs = nest_in_cells({cell: make_finished_runs(cell) for cell in cells if cell not in missing})
    for uri in dict.fromkeys([LOCAL, find_server()]):
        added, repaired = mirror_runs(runs, uri, list_failed_keys(missing, seeds))
        print(f"track: {len(runs)} runs in {hide_credentials(uri)}, {added} of them new, {repaired} repaired")
    if missing:
        print(f"track: without {', '.join(map(str, missing))}: not made, or not as params.yaml has it now")


if __name__ == "__main__":
    run(main)
