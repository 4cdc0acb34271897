"""`uncollapse diagnose`: measure the posterior collapse of any VAE."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from uncollapse.cli import Command

if TYPE_CHECKING:
    from uncollapse.your_vae.latents.diagnosis import Diagnosis

FIGURES = (".png", ".svg", ".pdf")


def add_encodings(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that name the encodings, and what is to be said of them."""
    arrays = (
        ".npz file of arrays mu and logvar, var or std (examples, dimensions), optionally labels; "
        "or of codes and size, or of probabilities"
    )
    parser.add_argument("file", type=Path, help=arrays)
    share = "share of examples whose KL may exceed the threshold (default %(default)s)"
    parser.add_argument("--delta", type=float, default=0.01, help=share)
    parser.add_argument("--axis", type=int, help="the axis of the channels, 1 in latents (N, C, H, W)")
    parser.add_argument("--json", action="store_true", help="print all fields as JSON")
    parser.add_argument("--figure", type=Path, metavar="FILE", help=f"draw a figure: {', '.join(FIGURES)}")
    what = "list what helped in our studies on this kind of data, or on the nearest: images, text, audio, ..."
    parser.add_argument("--kind", help=what)


def diagnose_file(arguments: argparse.Namespace) -> None:
    """Print the diagnosis of the encodings in a file. Raises ValueError or OSError with one line."""
    if arguments.figure and arguments.figure.suffix.lower() not in FIGURES:
        raise ValueError(f"--figure {arguments.figure}: should end in one of {', '.join(FIGURES)}")
    from uncollapse.your_vae.advice import advice
    from uncollapse.your_vae.data_kinds import find_nearest
    from uncollapse.your_vae.diagnose import diagnose
    from uncollapse.your_vae.handed_over.posterior_inputs import load_encodings

    if arguments.kind is not None:
        find_nearest(arguments.kind)
    diagnosis = diagnose(**load_encodings(arguments.file), delta=arguments.delta, axis=arguments.axis)
    if arguments.figure:
        if not hasattr(diagnosis, "figure"):
            raise ValueError(f"--figure {arguments.figure}: is drawn of means and variances only")
        diagnosis.figure().save(str(arguments.figure), ppi=144)
    if arguments.json:
        several = isinstance(diagnosis, list)
        told = [book.as_dict() for book in diagnosis] if several else diagnosis.as_dict()
        print(json.dumps(told, indent=2))
        return
    if not hasattr(diagnosis, "figure"):  # Codes, or categories.
        several = isinstance(diagnosis, list)
        print(*([book.verdict for book in diagnosis] if several else [diagnosis.verdict]), sep="\n")
        return
    print_diagnosis(diagnosis)
    if arguments.kind and "collapsed" in diagnosis.verdict:
        print("what the studies found:", *advice(arguments.kind), sep="\n- ")


def print_diagnosis(diagnosis: "Diagnosis") -> None:
    """Print the verdict and the measures behind it."""
    from uncollapse.measures.mutual_information import is_at_cap

    shares = ", ".join(f"{diagnosis.collapsed(eps):.0%}" for eps in (0.01, 0.1, 1.0))
    near = f", near its cap of {diagnosis.mi_cap:.3g}" if is_at_cap(diagnosis.mi, diagnosis.mi_cap) else ""
    low = f"{diagnosis.mi:.4g} +- {diagnosis.mi_standard_error:.2g}{near}"
    mi = f"from {low}, to {diagnosis.mi_upper:.4g} +- {diagnosis.mi_upper_standard_error:.2g} nats"
    print(diagnosis.verdict)
    size = f"{diagnosis.n} examples, {diagnosis.d} dimensions, {diagnosis.active_units} active units"
    print(f"{size}; collapsed at eps 0.01, 0.1, 1: {shares} of them")
    print(f"kl {diagnosis.kl:.4g} nats, mutual information {mi}")
    factor = diagnosis.scale_factor
    print(f"all values of z together have the standard deviation {1 / factor:.4g}: scale factor {factor:.4g}")
    if diagnosis.probe_accuracy is not None:
        print(f"linear probe: {diagnosis.probe_accuracy:.1%} of the labels")


COMMAND = Command(
    "measure the posterior collapse of any VAE from its encodings", diagnose_file, add_encodings
)
