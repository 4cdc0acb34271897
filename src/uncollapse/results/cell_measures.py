"""The measures of one cell, as `uncollapse show` prints them."""

import difflib

import pandas as pd

from uncollapse.errors import UserError
from uncollapse.pipeline.cell_files import CellFiles
from uncollapse.pipeline.watching.status import CellStatus, find_status
from uncollapse.results.statistics import estimate_interval


def read_cell_measures(name: str) -> tuple[CellStatus, pd.DataFrame]:
    """Return the status of a cell and its measures.

    A row is a measure, a column a seed; then `mean`, and `half`, the half width of Student's 95 % interval.
    Raises UserError where the grid has no such cell, or the cell no measures.
    """
    statuses = {str(status.cell): status for status in find_status()}
    if name not in statuses:
        near = difflib.get_close_matches(name, statuses, n=3, cutoff=0.4) or list(statuses)[:3]
        raise UserError(
            f"no cell {name!r} in the grid of params.yaml; near: {', '.join(near)}; all: `uncollapse grid`"
        )
    status = statuses[name]
    file = CellFiles(status.cell).measures
    if not file.exists():
        raise UserError(f"{name} has no measures yet, it is: {', '.join(filter(None, status.condition))}")
    table = pd.read_csv(file).set_index("seed").astype(float)
    intervals = [estimate_interval(table[measure]) for measure in table]
    return status, table.T.assign(
        mean=[one.mean for one in intervals],
        half=[(one.high - one.low) / 2 for one in intervals],
    )
