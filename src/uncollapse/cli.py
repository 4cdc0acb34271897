"""The command `uncollapse`."""

import argparse
import json
import os
import re
import sys
from collections import Counter
from pathlib import Path

from uncollapse.errors import MissingExtra, UserError, needs, one_line

FIGURES = (".png", ".svg", ".pdf")
CONDITIONS = """ready: as params.yaml, the code and the data are now. stale: made from something else. failed:
    with the line that follows. not here: in dvc.lock, but not in this folder; `dvc pull` or `dvc checkout`
    brings it, or else `dvc repro` makes it. Times are those of runs in this folder: of the cell, or of others
    on its data set."""

NAMES = ("ray", "slurm", "local")  # engines, src/uncollapse/cluster/on_<name>.py
ELSEWHERE = """For any machine that reaches the repository and its DVC remote, see docs/cluster.md. Clones
    stand in the folder of UNCOLLAPSE_SCRATCH, or else in that of temporary files."""


def main() -> None:
    """Run the command line; a mistake of the user becomes one line on stderr and exit code 2."""
    arguments = parser().parse_args()
    try:
        with needs("pipeline"):
            arguments.command(arguments)
        sys.stdout.flush()
    except BrokenPipeError:  # `uncollapse grid | head` has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        sys.exit("interrupted; what was finished is kept")
    except (UserError, ValueError, OSError, MissingExtra) as error:
        print(f"error: {one_line(error)}", file=sys.stderr)
        sys.exit(2)


def parser() -> argparse.ArgumentParser:
    """The commands and their arguments; each command is a function of this module."""
    parser = argparse.ArgumentParser(
        prog="uncollapse",
        description="Has a VAE collapsed, and what helps?",
        epilog="`dvc repro` makes the cells of the grid, `make ui` shows them in MLflow.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    title = "measure the posterior collapse of any VAE from its encodings"
    diagnose = commands.add_parser("diagnose", help=title, description=title)
    diagnose.set_defaults(command=print_diagnosis)
    arrays = ".npz file of arrays mu and logvar (examples, dimensions), labels if you like"
    diagnose.add_argument("file", type=Path, help=arrays)
    share = "share of examples that may have more KL (default %(default)s)"
    diagnose.add_argument("--delta", type=float, default=0.01, help=share)
    diagnose.add_argument("--json", action="store_true", help="print all fields as JSON")
    diagnose.add_argument("--figure", type=Path, metavar="FILE", help=f"draw a figure: {', '.join(FIGURES)}")
    what = "say what the studies found against collapse on such data"
    diagnose.add_argument("--kind", choices=("images", "text"), help=what)

    title = "check params.yaml, as `make repro` does before DVC reads it"
    check = commands.add_parser("check", help=title, description=title)
    check.set_defaults(command=print_check)

    title = "which cells params.yaml asks for, which of them are up to date, and how long the others may take"
    grid = commands.add_parser("grid", help=title, description=title, epilog=CONDITIONS)
    grid.set_defaults(command=print_grid)
    grid.add_argument("--on", choices=NAMES, help="make what is missing there, and gather it here")
    where = "the repository as workers reach it (default: this folder)"
    grid.add_argument("--source", metavar="URL", help=where)

    title = "what can stand in each slot: pieces, arguments, papers"
    methods = commands.add_parser("methods", help=title, description=title)
    methods.set_defaults(command=print_methods)
    methods.add_argument("slot", nargs="?", help="only this slot, such as kl_weight, net or source")

    title = "the measures of a cell: each seed, their mean and its interval"
    show = commands.add_parser(
        "show", help=title, description=title, epilog="What each measure is: docs/measures.md."
    )
    show.add_argument("cell", help="<data set>-<model>-<method>, such as mnist5k-vae-plain")
    show.set_defaults(command=print_cell)

    title = "make one cell, in a clone at a commit; what the DVC remote has is not made again"
    cell = commands.add_parser("cell", help=title, description=title, epilog=ELSEWHERE)
    cell.add_argument("cell", help="<data set>-<model>-<method>, such as mnist5k-vae-plain")
    cell.add_argument("--commit", required=True, metavar="SHA", help="the commit whose params and code count")
    cell.add_argument("--source", metavar="URL", help=where)
    cell.set_defaults(command=make_cell)
    return parser


def print_diagnosis(arguments: argparse.Namespace) -> None:
    """`uncollapse diagnose`."""
    if arguments.figure and arguments.figure.suffix.lower() not in FIGURES:
        raise ValueError(f"--figure {arguments.figure}: should end in one of {', '.join(FIGURES)}")
    # imported here, because torch takes a second and --help should not
    from uncollapse.measures.mutual_information import at_cap
    from uncollapse.your_vae.advice import advice
    from uncollapse.your_vae.diagnosis import diagnose
    from uncollapse.your_vae.posterior_inputs import load

    diagnosis = diagnose(**load(arguments.file), delta=arguments.delta)
    if arguments.figure:
        diagnosis.figure().save(str(arguments.figure), ppi=144)
    if arguments.json:
        print(json.dumps(diagnosis.as_dict(), indent=2))
        return
    shares = ", ".join(f"{diagnosis.collapsed(eps):.0%}" for eps in (0.01, 0.1, 1.0))
    near = f", near its cap of {diagnosis.mi_cap:.3g}" if at_cap(diagnosis.mi, diagnosis.mi_cap) else ""
    low = f"{diagnosis.mi:.4g} +- {diagnosis.mi_standard_error:.2g}{near}"
    mi = f"from {low}, to {diagnosis.mi_upper:.4g} +- {diagnosis.mi_upper_standard_error:.2g} nats"
    print(diagnosis.verdict)
    size = f"{diagnosis.n} examples, {diagnosis.d} dimensions, {diagnosis.active_units} active units"
    print(f"{size}; collapsed at eps 0.01, 0.1, 1: {shares} of them")
    print(f"kl {diagnosis.kl:.4g} nats, mutual information {mi}")
    if diagnosis.probe_accuracy is not None:
        print(f"linear probe: {diagnosis.probe_accuracy:.1%} of the labels")
    if arguments.kind and "collapsed" in diagnosis.verdict:
        print("what the studies found:", *advice(arguments.kind), sep="\n- ")


def source(arguments: argparse.Namespace) -> str:
    """The repository of --source: what lies in a folder by its full path, since workers are elsewhere."""
    given = arguments.source or "."
    return str(Path(given).resolve()) if Path(given).exists() else given


def print_check(_: argparse.Namespace) -> None:
    """`uncollapse check`."""
    from uncollapse.experiment.params import Params
    from uncollapse.pipeline.outputs import PARAMS
    from uncollapse.pipeline.watching.freshness import own_lock

    params = Params(PARAMS)
    own_lock()
    print(f"{PARAMS}: {len(params.cells())} cells, {len(params.grid.seeds)} seeds each")


def print_methods(arguments: argparse.Namespace) -> None:
    """`uncollapse methods`."""
    from uncollapse.experiment.describe import listing

    print(listing(arguments.slot))


def print_grid(arguments: argparse.Namespace) -> None:
    """`uncollapse grid`."""
    if arguments.on:
        from uncollapse.cluster.grid import make_grid

        return make_grid(arguments.on, source(arguments))
    from uncollapse.pipeline.watching.status import grid_status
    from uncollapse.pipeline.watching.times import duration

    statuses = grid_status()
    width = max(len(str(status.cell)) for status in statuses)
    for cell, (state, line), seconds, _ in statuses:
        time = "" if state in ("ready", "not here") else duration(seconds)
        print(f"{cell!s:{width}}  {state:9}  {line or time}".rstrip())
    counts = Counter(status.condition.state for status in statuses)
    total = sum(status.seconds or 0 for status in statuses)
    unknown = sum(status.seconds is None for status in statuses)
    print(f"{len(statuses)} cells:", ", ".join(f"{count} {one}" for one, count in counts.items()), end="")
    print(f"; about {duration(total)} to make" if total else "", end="")
    print(f", and {unknown} of unknown time" if unknown else "")


def print_cell(arguments: argparse.Namespace) -> None:
    """`uncollapse show`."""
    from uncollapse.results.cell_measures import cell_measures

    (cell, (state, line), *_), table = cell_measures(arguments.cell)
    notes = [state, line, "" if state == "ready" else "the numbers are of before"]
    print(f"{cell}: {'; '.join(filter(None, notes))}")
    titles = [*(f"seed {seed}" for seed in table.columns[:-2]), "mean"]
    print(" " * 20 + "".join(f"{title:>12}" for title in titles))
    for name, (*values, half) in zip(table.index, table.to_numpy(), strict=True):
        interval = f" +- {half:.3g}" if half > 0 else ""  # nan for one seed, 0 for a constant
        print(f"{name:20}{''.join(f'{value:12.5g}' for value in values)}{interval}")


def make_cell(arguments: argparse.Namespace) -> None:
    """`uncollapse cell`."""
    from uncollapse.cluster.unit import Order, make
    from uncollapse.experiment.cells import Cell
    from uncollapse.experiment.schema import plain
    from uncollapse.pipeline.outputs import jobs
    from uncollapse.pipeline.pool import cores

    names = arguments.cell.split("-")
    if len(names) != 3:
        raise ValueError(f"{arguments.cell}: should be <data set>-<model>-<method>")
    for name in names:  # of files in the clone, and in commands there
        plain(name)
    if not re.fullmatch("[0-9a-f]{7,64}", arguments.commit):  # a clone may have an older branch of that name
        raise ValueError(f"--commit {arguments.commit}: should be a commit's own name, as of `git rev-parse`")
    outcome = make(Order(jobs(Cell(*names)), arguments.commit, source(arguments), cores(), recipes={}))
    if outcome.failed:
        raise UserError(f"{outcome.failed}: {outcome.line}")
