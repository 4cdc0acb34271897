"""`uncollapse check`: refuse a params.yaml with a mistake, and warn of a grid that answers too little."""

import argparse
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from uncollapse.cli import Command

if TYPE_CHECKING:
    from uncollapse.experiment.params import Params


def check_params(_: argparse.Namespace) -> None:
    """Check params.yaml and dvc.lock, and print how large the grid is. Raises UserError."""
    from uncollapse.experiment.params import Params
    from uncollapse.pipeline.paths import PARAMS
    from uncollapse.pipeline.watching.freshness import read_lock

    params = Params(PARAMS)
    read_lock()
    cells, seeds = len(params.cells()), len(params.grid.seeds)
    print(f"{PARAMS}: {count_things(cells, 'cell')}, {count_things(seeds, 'seed')} each")
    for doubt in find_doubts(params):
        print(f"warning: {PARAMS}: {doubt}", file=sys.stderr)


def find_doubts(params: "Params") -> Iterator[str]:
    """Yield a line for each thing that the grid is valid without, but that its answers need."""
    from uncollapse.experiment.comparisons import find_roles

    if len(params.grid.seeds) == 1:
        yield "grid.seeds: with one seed no interval can be given; name two or more"
    for dataset in params.grid.datasets:
        if params.datasets[dataset]["training"]["patience"] is None:
            yield (
                f"datasets.{dataset}.training: without `patience` no verdict can be given, because nobody "
                "knows whether a cell has converged"
            )
    if find_roles(params)["plain"] is None:
        yield "grid.methods: no method is plain, so there is nothing to compare the methods with; add one"


def count_things(count: int, noun: str) -> str:
    """Return a count with its noun in the right number, such as "1 seed" or "4 seeds"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


COMMAND = Command("check params.yaml, as `make repro` does before DVC reads it", check_params)
