"""`uncollapse methods`: list the pieces that can stand in each slot."""

import argparse

from uncollapse.cli import Command


def add_slot(parser: argparse.ArgumentParser) -> None:
    """Add the argument that names a slot."""
    parser.add_argument("slot", nargs="?", help="only this slot, such as kl_weight, net or source")


def print_methods(arguments: argparse.Namespace) -> None:
    """Print the pieces of one slot, or of all."""
    from uncollapse.experiment.describe import list_as_text

    print(list_as_text(arguments.slot))


COMMAND = Command("list what can fill each slot: pieces, arguments, papers", print_methods, add_slot)
