"""The arguments that several commands share."""

import argparse
from pathlib import Path

CELL_HELP = "<data set>-<model>-<method>, such as mnist5k-vae-plain"


def add_source(parser: argparse.ArgumentParser) -> None:
    """Add the option --source."""
    where = "the repository as workers reach it (default: this folder)"
    parser.add_argument("--source", metavar="URL", help=where)


def read_source(arguments: argparse.Namespace) -> str:
    """Return the repository that --source names; a folder by its full path, since workers run elsewhere."""
    given = arguments.source or "."
    return str(Path(given).resolve()) if Path(given).exists() else given
