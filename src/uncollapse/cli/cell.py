"""`uncollapse cell`: compute one cell of the grid in a fresh clone of a commit."""

import argparse
import re

from uncollapse.cli import Command
from uncollapse.cli._arguments import CELL_HELP, add_source, read_source
from uncollapse.errors import UserError

ELSEWHERE = """Any machine that reaches the repository and its DVC remote can do this: see
    docs/cluster.md. What the remote has is not computed again. Clones lie in the folder that
    UNCOLLAPSE_SCRATCH names, or else in the folder for temporary files."""


def add_cell_and_commit(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that name a cell, a commit and a repository."""
    parser.add_argument("cell", help=CELL_HELP)
    parser.add_argument(
        "--commit", required=True, metavar="SHA", help="the commit whose params and code count"
    )
    add_source(parser)


def make_cell(arguments: argparse.Namespace) -> None:
    """Make the cell. Raises UserError or ValueError with one line."""
    from uncollapse.cluster.unit import Order, make_order
    from uncollapse.experiment.cells import Cell
    from uncollapse.experiment.schema import check_name
    from uncollapse.pipeline.job import list_jobs
    from uncollapse.pipeline.pool import count_cores

    cell = Cell.parse(arguments.cell)
    for name in cell:  # They become names of files in the clone, and words of commands there.
        check_name(name)
    if not re.fullmatch("[0-9a-f]{7,64}", arguments.commit):  # A clone may have an old branch of that name.
        raise ValueError(
            f"--commit {arguments.commit}: should be a commit's hash, as `git rev-parse` prints it"
        )
    order = Order(list_jobs(cell), arguments.commit, read_source(arguments), count_cores(), recipes={})
    outcome = make_order(order)
    if outcome.failed:
        raise UserError(f"{outcome.failed}: {outcome.line}")


COMMAND = Command(
    "compute one cell in a fresh clone of a commit, for clusters",
    make_cell,
    add_cell_and_commit,
    ELSEWHERE,
)
