"""The command `uncollapse`.

A file of this folder is a command. Its `COMMAND` says what the help shows, which arguments there are and what
is run. There is nothing to register. A file imports what it computes with inside its functions, because torch
takes a second to load, for which `--help` should not wait.
"""

import argparse
import os
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import NamedTuple

from uncollapse.errors import MissingExtra, UserError, escape_line, need_extra
from uncollapse.registry import list_names

SHOWN_FIRST = ("diagnose", "check", "grid", "methods", "show")  # The help lists all others after these.


class Command(NamedTuple):
    """A command: its line in the help, the function that runs it, and the one that adds its arguments.

    `epilog` stands at the end of the command's own help.
    """

    title: str
    run: Callable[[argparse.Namespace], None]
    add_arguments: Callable[[argparse.ArgumentParser], None] | None = None
    epilog: str | None = None


def main() -> None:
    """Run the command line; a mistake of the user becomes one line on stderr and exit code 2."""
    arguments = make_parser().parse_args()
    try:
        with need_extra("pipeline"):
            arguments.run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:  # The reader of `uncollapse grid | head` has read enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        sys.exit("interrupted; everything that was finished is kept")
    except (UserError, ValueError, OSError, MissingExtra) as error:
        print(f"error: {escape_line(error)}", file=sys.stderr)
        sys.exit(2)


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands and their arguments."""
    parser = argparse.ArgumentParser(
        prog="uncollapse",
        description="Find out whether a VAE has collapsed, and what helps.",
        epilog="`uncollapse COMMAND --help` explains a command. `dvc repro` computes the cells of the grid, "
        "and `make ui` shows them in MLflow.",
    )
    parser.add_argument("--version", action="version", version=f"uncollapse {find_version()}")
    parsers = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, command in find_commands().items():
        own = parsers.add_parser(name, help=command.title, description=command.title, epilog=command.epilog)
        own.set_defaults(run=command.run)
        if command.add_arguments:
            command.add_arguments(own)
    return parser


def find_version() -> str:
    """Return the version of the package, as far as it is installed."""
    try:
        return version("uncollapse")
    except PackageNotFoundError:
        return "(not installed)"


def find_commands() -> dict[str, Command]:
    """Return the commands by their names, in the order of the help."""
    found = list_names("cli")
    ordered = [*SHOWN_FIRST, *(name for name in found if name not in SHOWN_FIRST)]
    return {name: import_module(f"uncollapse.cli.{name}").COMMAND for name in ordered}
