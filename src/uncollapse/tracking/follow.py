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
from uncollapse.tracking.gather import grid, run_at_start, training_key, training_points
from uncollapse.tracking.mirror import consistent, stored_runs
from uncollapse.tracking.run import Points, Run
from uncollapse.tracking.store import open_store
from uncollapse.tracking.write import LIVE, create, log_missing

PAUSE = 2.0  # seconds between two looks at the histories


def follow(uri: str) -> None:
    """Let the runs that are being trained grow in the store at `uri`, for ever.

    A store that cannot be written is named once, on stderr, and tried again.
    """
    update, sizes, reported = follower(uri), dict[Path, int](), False
    with tqdm(desc="follow", unit=" times", disable=None) as bar:
        while True:
            try:
                for file, size, run in growing_runs(sizes):
                    update(run)
                    sizes[file] = size
                    bar.set_postfix_str(run.name, refresh=False)
                    bar.update()
                reported = False
            except (FileNotFoundError, json.JSONDecodeError):
                pass  # there is no grid yet, or DVC is making it
            except UserError as error:
                if not reported:
                    tqdm.write(f"follow: {error}", file=sys.stderr)
                reported = True
            time.sleep(PAUSE)


def growing_runs(sizes: Mapping[Path, int]) -> Iterator[tuple[Path, int, Run]]:
    """The runs of the grid whose history is not as long as in `sizes`, each with its file and size."""
    cells, seeds = grid()
    for cell, seed in product(cells, seeds):
        for folder in sorted(Job.of("train", cell).cache.glob(f"{seed}-*")):
            file = folder / HISTORY
            rows = complete_rows(file)
            if (
                rows.count("\n") < 2
                or len(rows) == sizes.get(file)
                or (folder / DIVERGED).exists()  # it has ended, and `track` says so
                or not CellFiles(cell).card(seed).exists()
            ):
                continue
            # the folder of another recipe grows no run of the grid
            if folder == Job.of("train", cell).seed_folder(seed, training_key(cell, seed)):
                points = training_points(pd.read_csv(StringIO(rows)))
                yield file, len(rows), replace(run_at_start(cell, seed), points=points, files={})


def complete_rows(file: Path) -> str:
    """A table that is being written, without what follows its last line break."""
    text = file.read_text() if file.exists() else ""
    return text[: text.rfind("\n") + 1]


def follower(uri: str) -> Callable[[Run], None]:
    """A function that brings an unfinished run in the store at `uri` up to date.

    It raises UserError where the store cannot be written; called again, it makes up for that. Finished runs
    stay as they are.
    """
    stored_points: dict[str, tuple[Any, Points]] = {}

    def find_or_create(client: Any, run: Run) -> tuple[Any, Points]:
        """The run in the store, which is created if need be, and its points; None if it is finished."""
        entries = list(stored_runs(client, run.key))
        if any(entry.info.status == "FINISHED" for entry in entries):
            return None, {}
        entry, points = next(consistent(client, entries, run), (None, {}))
        if entry and entry.info.status != "RUNNING":  # it failed, and is trained again
            client.update_run(entry.info.run_id, "RUNNING")
        return entry or create(client, run, **{LIVE: "true"}), points

    def update(run: Run) -> None:
        with open_store(uri) as client:
            entry, points = stored_points.pop(run.key, None) or find_or_create(client, run)
            if entry:
                log_missing(client, entry, run, points)
            stored_points[run.key] = entry, run.points

    return update
