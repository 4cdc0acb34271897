"""Runs in MLflow that grow while they are trained.

Training writes the history of each seed as it goes, and waits for nobody who reads it. The stage `track`
completes the same runs from the finished files, whatever was missed here.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from io import StringIO
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from uncollapse.errors import UserError
from uncollapse.pipeline.cell_files import CellFiles
from uncollapse.pipeline.job import Job
from uncollapse.pipeline.paths import DIVERGED, HISTORY
from uncollapse.tracking.mirror import find_consistent, find_stored_runs
from uncollapse.tracking.run import Points, Run
from uncollapse.tracking.seeds import (
    digest_training,
    make_started_run,
    make_training_points,
    read_cells_and_seeds,
)
from uncollapse.tracking.store import open_store
from uncollapse.tracking.write import LIVE, create_run, log_missing

PAUSE = 2.0  # seconds


def follow_training(uri: str) -> None:
    """Let the runs that are being trained grow in the store at `uri`, for ever.

    A store that cannot be written is named once, on stderr, and tried again.
    """
    update, sizes, reported = make_follower(uri), dict[Path, int](), False
    with tqdm(desc="follow", unit=" times", disable=None) as bar:
        while True:
            try:
                for file, size, run in find_growing_runs(sizes):
                    update(run)
                    sizes[file] = size
                    bar.set_postfix_str(run.name, refresh=False)
                    bar.update()
                reported = False
            except (FileNotFoundError, json.JSONDecodeError):
                pass  # There is no grid yet, or DVC is making it.
            except UserError as error:
                if not reported:
                    tqdm.write(f"follow: {error}", file=sys.stderr)
                reported = True
            time.sleep(PAUSE)


def find_growing_runs(sizes: Mapping[Path, int]) -> Iterator[tuple[Path, int, Run]]:
    """Find the runs whose history has grown beyond its size in `sizes`, each with its file and size."""
    cells, seeds = read_cells_and_seeds()
    for cell, seed in product(cells, seeds):
        for folder in sorted(Job.of("train", cell).cache.glob(f"{seed}-*")):
            file = folder / HISTORY
            rows = read_complete_rows(file)
            if (
                rows.count("\n") < 2
                or len(rows) == sizes.get(file)
                or (folder / DIVERGED).exists()  # It has ended, and `track` says so.
                or not CellFiles(cell).card(seed).exists()
            ):
                continue
            # The folder of another recipe grows no run of the grid.
            if folder == Job.of("train", cell).seed_folder(seed, digest_training(cell, seed)):
                points = make_training_points(pd.read_csv(StringIO(rows)))
                yield file, len(rows), replace(make_started_run(cell, seed), points=points, files={})


def read_complete_rows(file: Path) -> str:
    """Read a table that is being written, without what follows its last line break."""
    text = file.read_text() if file.exists() else ""
    return text[: text.rfind("\n") + 1]


def make_follower(uri: str) -> Callable[[Run], None]:
    """Make a function that brings an unfinished run in the store at `uri` up to date.

    It raises UserError where the store cannot be written; called again, it makes up for that. Finished runs
    stay as they are.
    """
    stored_points: dict[str, tuple[Any, Points]] = {}

    def find_or_create(client: Any, run: Run) -> tuple[Any, Points]:
        """Find or create the run in the store, with its points; None if it is finished."""
        entries = list(find_stored_runs(client, run.key))
        if any(entry.info.status == "FINISHED" for entry in entries):
            return None, {}
        entry, points = next(find_consistent(client, entries, run), (None, {}))
        if entry and entry.info.status != "RUNNING":  # It failed, and is trained again.
            client.update_run(entry.info.run_id, "RUNNING")
        return entry or create_run(client, run, **{LIVE: "true"}), points

    def update(run: Run) -> None:
        with open_store(uri) as client:
            entry, points = stored_points.pop(run.key, None) or find_or_create(client, run)
            if entry:
                log_missing(client, entry, run, points)
            stored_points[run.key] = entry, run.points

    return update
