"""`uncollapse grid`: print the state of every cell of the grid, or make the missing ones on a cluster."""

import argparse
from collections import Counter

from uncollapse.cli import Command
from uncollapse.cli._arguments import add_source, read_source

TITLE = "list the cells of params.yaml: which are up to date, and how long the others may take"
CONDITIONS = """ready: made from params.yaml, the code and the data as they are now. stale: made from
    something else. failed: with the line that follows. not here: in dvc.lock, but not in this folder;
    `dvc pull` or `dvc checkout` brings it, or else `dvc repro` makes it. Times are estimated from earlier
    runs in this folder: those of the same cell, or of others on its data set."""
ENGINES = ("ray", "slurm", "local")  # Each is a file src/uncollapse/cluster/on_<name>.py.


def add_engine(parser: argparse.ArgumentParser) -> None:
    """Add the options that have the cells made on a cluster."""
    parser.add_argument(
        "--on", choices=ENGINES, help="compute the missing cells on this engine, and gather them here"
    )
    add_source(parser)


def show_or_make_grid(arguments: argparse.Namespace) -> None:
    """Print the grid, or make it where --on names an engine."""
    if arguments.on:
        from uncollapse.cluster.make_grid import make_grid

        make_grid(arguments.on, read_source(arguments))
    else:
        print_grid()


def print_grid() -> None:
    """Print a line for each cell, and one for the whole grid."""
    from uncollapse.pipeline.watching.status import find_status
    from uncollapse.pipeline.watching.times import format_duration

    statuses = find_status()
    width = max(len(str(status.cell)) for status in statuses)
    for cell, (state, line), seconds, _ in statuses:
        time = "" if state in ("ready", "not here") else format_duration(seconds)
        print(f"{cell!s:{width}}  {state:9}  {line or time}".rstrip())
    counts = Counter(status.condition.state for status in statuses)
    total = sum(status.seconds or 0 for status in statuses)
    unknown = sum(status.seconds is None for status in statuses)
    print(f"{len(statuses)} cells:", ", ".join(f"{count} {one}" for one, count in counts.items()), end="")
    print(f"; about {format_duration(total)} to make" if total else "", end="")
    print(f", and {unknown} of unknown time" if unknown else "")


COMMAND = Command(TITLE, show_or_make_grid, add_engine, CONDITIONS)
