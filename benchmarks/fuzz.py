"""Fuzzing: `python benchmarks/fuzz.py MINUTES [FIRST]` tries inputs that are almost right, from FIRST on.

A reader may take an input, or refuse it in one line. Everything else is a fault: a crash, a hang, or more
memory than MEMORY. The script prints how many inputs it tried; with `--number N` it tries number N again.
"""

import faulthandler
import multiprocessing
import resource
import sys
import tempfile
import time
import traceback
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable
from contextlib import chdir, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from fuzz_inputs import INPUTS, made
from made_sources import COUNTS

import uncollapse
from uncollapse.cli import make_parser
from uncollapse.data import features
from uncollapse.data.prepare import prepare
from uncollapse.errors import UserError, escape_line
from uncollapse.experiment.params import Params
from uncollapse.likelihoods.categorical import categorical
from uncollapse.likelihoods.gaussian import gaussian
from uncollapse.registry import make_piece

SECONDS, MEMORY = 60, 2**34  # The limits of an input, and of the process in bytes.
LONGEST = 2500  # characters
EXPECTED: dict[str, tuple[type[Exception], ...]] = {
    "diagnose": (ValueError, OSError)
}  # The others raise UserError.


class Fault(Exception):
    """An input was neither taken nor refused in one line."""


def diagnose(file: Path) -> None:
    arguments = make_parser().parse_args(["diagnose", str(file), "--json"])
    with redirect_stdout(StringIO()):
        arguments.run(arguments)


def load(file: Path) -> None:
    with zipfile.ZipFile(file) as archive:
        archive.extractall(file.with_suffix(""))
    uncollapse.load(file.with_suffix(""))


def data(use: str, **arguments: Any) -> Callable[[Path], None]:
    def prepared(file: Path) -> None:
        likelihood = categorical() if use == "text_lines" else gaussian()
        source = make_piece("data/sources", {"use": use, "path": str(file), **arguments})()
        with patch.object(features, "STEPS", 2):  # Nobody looks at the classifier of labels.
            prepare(file.with_name("out"), source, likelihood, **COUNTS)

    return prepared


DOORS: dict[str, Callable[[Path], Any]] = {
    "params": Params,
    "diagnose": diagnose,
    "arrays": data("arrays"),
    "text_lines": data("text_lines", labelled=True, on_bad="skip"),
    "text_lines.gz": data("text_lines", on_bad="skip"),
    "image_folder": data("image_folder", size=4, on_bad="skip"),
    "load": load,
}


def attempt(number: int) -> tuple[str, bool]:
    """Try input `number`; return its name, and whether it was taken. Raises Fault."""
    torch.set_num_threads(1)  # As in a worker.
    name = list(INPUTS)[number % len(INPUTS)]
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(action="ignore"), chdir(folder):
        file = Path(folder) / (f"a.{name.split('.')[1]}" if "." in name else "a.npz")
        file.write_bytes(made(name, number))
        try:
            DOORS[name](file)
        except EXPECTED.get(name, UserError) as error:
            line = escape_line(error) if name in EXPECTED else str(error)
            if not line.isprintable() or not 5 < len(line) < LONGEST:
                raise Fault(f"{name}: refused in {len(line)} characters: {line[:200]!r}") from error
            return name, False
    return name, True


def work(first: int, deadline: float, current: Any, counts: Any) -> None:
    """Try number after number, in a process of its own."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    tried, seen = Counter[tuple[str, bool]](), set[str]()
    number = first
    while time.time() < deadline:
        current.value = number
        faulthandler.dump_traceback_later(SECONDS, exit=True)
        try:
            tried[attempt(number)] += 1
        except Exception as fault:
            where = traceback.extract_tb(fault.__traceback__)[-1]
            kind = f"{type(fault).__name__} {where.filename}:{where.lineno}"
            if kind not in seen:
                print(f"\nFAULT: number {number}", flush=True)
                traceback.print_exc()
            seen.add(kind)
            tried["fault", True] += 1
        number += 1
        counts.update({str(name): count for name, count in tried.items()})


def fuzz(minutes: float, first: int) -> int:
    """Try for so long; the number of faults."""
    begin, deadline, total = time.time(), time.time() + 60 * minutes, Counter[str]()
    current = multiprocessing.Value("q", first)
    with multiprocessing.Manager() as manager:
        while time.time() < deadline:
            counts = manager.dict()
            process = multiprocessing.Process(target=work, args=(current.value, deadline, current, counts))
            process.start()
            process.join()
            total.update(dict(counts))
            if process.exitcode:
                print(f"\nFAULT: number {current.value}: the process ended with {process.exitcode}")
                total["('fault', True)"] += 1
                current.value += 1
    faults = total.pop("('fault', True)", 0)
    print(f"{total.total() + faults} inputs from {first} on in {time.time() - begin:.0f} s, {faults} faults")
    for name in INPUTS:
        taken = total[str((name, True))]
        refused = total[str((name, False))]
        print(f"  {name:14}{taken:8} taken {refused:8} refused")
    return faults


if __name__ == "__main__":
    if sys.argv[1:2] == ["--number"]:
        print(attempt(int(sys.argv[2])))
    elif len(sys.argv) in (2, 3):
        sys.exit(min(fuzz(float(sys.argv[1]), int((sys.argv[2:] or ["0"])[0])), 1))
    else:
        sys.exit(str(__doc__))
