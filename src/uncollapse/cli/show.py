"""`uncollapse show`: print the measures of one cell."""

import argparse

from uncollapse.cli import Command
from uncollapse.cli._arguments import CELL_HELP


def add_cell(parser: argparse.ArgumentParser) -> None:
    """Add the argument that names a cell."""
    parser.add_argument("cell", help=CELL_HELP)


def print_cell(arguments: argparse.Namespace) -> None:
    """Print a table of the measures: one column for each seed, then the mean and its interval."""
    from uncollapse.results.cell_measures import read_cell_measures

    (cell, (state, line), *_), table = read_cell_measures(arguments.cell)
    notes = [state, line, "" if state == "ready" else "these numbers are those of an earlier run"]
    print(f"{cell}: {'; '.join(filter(None, notes))}")
    titles = [*(f"seed {seed}" for seed in table.columns[:-2]), "mean"]
    print(" " * 20 + "".join(f"{title:>12}" for title in titles))
    for name, (*values, half) in zip(table.index, table.to_numpy(), strict=True):
        interval = f" +- {half:.3g}" if half > 0 else ""  # It is NaN for one seed, and 0 for a constant.
        print(f"{name:20}{''.join(f'{value:12.5g}' for value in values)}{interval}")


COMMAND = Command(
    "print the measures of a cell: each seed, their mean and its interval",
    print_cell,
    add_cell,
    "docs/measures.md explains each measure.",
)
