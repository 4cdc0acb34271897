"""The command `uncollapse`."""

import argparse
import json
import os
import sys
from collections import Counter
from pathlib import Path

from uncollapse.errors import UserError

PICTURES = (".png", ".svg", ".pdf")


def main() -> None:
    """Run the command line; a mistake becomes one line on stderr and exit code 2."""
    parser = argparse.ArgumentParser(
        prog="uncollapse",
        description="Has a VAE collapsed, and what helps?",
        epilog="`dvc repro` makes the cells of the grid, `make ui` shows them in MLflow.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    title = "measure the posterior collapse of any VAE from its encodings"
    one = commands.add_parser("diagnose", help=title, description=title)
    one.set_defaults(does=diagnosis)
    one.add_argument(
        "file", type=Path, help=".npz file of arrays mu and logvar (examples, dimensions), labels if you like"
    )
    one.add_argument(
        "--delta",
        type=float,
        default=0.01,
        help="share of examples that may have more KL (default %(default)s)",
    )
    one.add_argument("--json", action="store_true", help="print all fields as JSON")
    one.add_argument("--figure", type=Path, metavar="FILE", help=f"draw a figure: {', '.join(PICTURES)}")
    title = "which cells params.yaml asks for, which of them are up to date, and how long the others may take"
    states = """ready: as params.yaml, the code and the data are now. stale: made from something else. failed: with the line that follows.
        not here: in dvc.lock, but not in this folder; `dvc pull` or `dvc checkout` brings it, or else `dvc repro` makes it.
        Times are those of runs in this folder: of the cell, or of others on its data set."""
    grid = commands.add_parser("grid", help=title, description=title, epilog=states)
    grid.set_defaults(does=show_grid)
    title = "the measures of a cell: each seed, their mean and its 95 %% interval"
    meaning = "What each measure is: README.md."
    cell = commands.add_parser("show", help=title, description=title.replace("%%", "%"), epilog=meaning)
    cell.add_argument("cell", help="<data set>-<model>-<method>, such as mnist5k-vae-plain")
    cell.set_defaults(does=show_cell)
    arguments = parser.parse_args()
    try:
        arguments.does(arguments)
        sys.stdout.flush()
    except BrokenPipeError:  # `uncollapse grid | head` has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (UserError, ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)


def diagnosis(arguments: argparse.Namespace) -> None:
    """`uncollapse diagnose`."""
    if arguments.figure and arguments.figure.suffix.lower() not in PICTURES:
        raise ValueError(f"--figure {arguments.figure}: should end in one of {', '.join(PICTURES)}")
    from uncollapse.diagnosis import (
        diagnose,
        load,
    )  # here, because torch takes a second and --help should not
    from uncollapse.measures.mutual_information import at_cap

    found = diagnose(**load(arguments.file), delta=arguments.delta)
    if arguments.figure:
        found.figure().save(str(arguments.figure), ppi=144)
    if arguments.json:
        print(json.dumps(found.as_dict(), indent=2))
        return
    carrying = f"collapsed at eps 0.01, 0.1, 1: {', '.join(f'{found.collapsed(eps):.0%}' for eps in (0.01, 0.1, 1.0))}"
    near = ", near its cap: there may be more" if at_cap(found.mi, found.mi_cap) else ""
    print(found.verdict)
    print(f"{found.n} examples, {found.d} dimensions, {found.active_units} active units; {carrying} of them")
    print(
        f"kl {found.kl:.4g} nats, mutual information {found.mi:.4g} +- {found.mi_standard_error:.2g} nats (at most {found.mi_cap:.3g}{near})"
    )
    if found.probe_accuracy is not None:
        print(f"linear probe: {found.probe_accuracy:.1%} of the labels")


def show_grid(_: argparse.Namespace) -> None:
    """`uncollapse grid`."""
    from uncollapse.pipeline.status import duration, states

    found = states()
    width = max(len(str(one.cell)) for one in found)
    for one in found:
        more = one.line or ("" if one.state in ("ready", "not here") else duration(one.seconds))
        print(f"{one.cell!s:{width}}  {one.state:9}  {more}".rstrip())
    counts = ", ".join(f"{count} {state}" for state, count in Counter(one.state for one in found).items())
    known = sum(one.seconds or 0 for one in found)
    unknown = sum(one.seconds is None for one in found)
    needed = f"; about {duration(known)} to make" if known else ""
    print(f"{len(found)} cells: {counts}{needed}{f', and {unknown} of unknown time' if unknown else ''}")


def show_cell(arguments: argparse.Namespace) -> None:
    """`uncollapse show`."""
    from uncollapse.pipeline.status import measures

    state, table = measures(arguments.cell)
    print(f"{state.cell}: {state.state}{'' if state.state == 'ready' else '; the numbers are of before'}")
    print(
        "".join(f"{name:>12}" for name in ["", "", *(f"seed {seed}" for seed in table.columns[:-2]), "mean"])[
            4:
        ]
    )
    for name, values in zip(table.index, table.to_numpy(), strict=True):
        half = f" +- {values[-1]:.3g}" if values[-1] >= 0 else ""  # nan for one seed
        print(f"{name:20}{''.join(f'{value:12.5g}' for value in values[:-1])}{half}")
