"""The command `uncollapse`."""

import argparse
import json
import sys
from pathlib import Path

PICTURES = (".png", ".svg", ".pdf")


def main() -> None:
    """Run the command line; a mistake becomes one line on stderr and exit code 2."""
    parser = argparse.ArgumentParser(prog="uncollapse", description="Has a VAE collapsed, and what helps?")
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("diagnose", help="measure the posterior collapse of any VAE from its encodings")
    one.add_argument(
        "file", type=Path, help=".npz file of arrays mu and logvar (examples, dimensions), labels if you like"
    )
    one.add_argument(
        "--delta", type=float, default=0.01, help="share of examples that may have more KL (default %(default)s)"
    )
    one.add_argument("--json", action="store_true", help="print all fields as JSON")
    one.add_argument("--figure", type=Path, metavar="FILE", help=f"draw a figure: {', '.join(PICTURES)}")
    arguments = parser.parse_args()
    try:
        diagnosis(arguments)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)


def diagnosis(arguments: argparse.Namespace) -> None:
    """`uncollapse diagnose`."""
    if arguments.figure and arguments.figure.suffix.lower() not in PICTURES:
        raise ValueError(f"--figure {arguments.figure}: should end in one of {', '.join(PICTURES)}")
    from uncollapse.diagnosis import diagnose, load  # here, because torch takes a second and --help should not
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
