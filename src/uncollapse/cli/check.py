"""`uncollapse check`: refuse a params.yaml that holds a mistake, before DVC reads it."""

import argparse

from uncollapse.cli import Command
from uncollapse.pipeline.paths import PARAMS


def check_params(_: argparse.Namespace) -> None:
    """Check params.yaml and the file dvc.lock, and print how large the grid is."""
    from uncollapse.experiment.params import Params
    from uncollapse.pipeline.watching.freshness import read_lock

    params = Params(PARAMS)
    read_lock()
    print(f"{PARAMS}: {len(params.cells())} cells, {len(params.grid.seeds)} seeds each")


COMMAND = Command("check params.yaml, as `make repro` does before DVC reads it", check_params)
