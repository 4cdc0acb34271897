"""Let the runs that are being trained grow in MLflow: `make follow`, beside `dvc repro`, in a terminal of its own.

It reads the histories that training writes and nothing waits for it, so a slow or dead server holds up nobody. The stage `track` completes the
same runs from the finished files, whatever was missed here.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from uncollapse.errors import UserError
from uncollapse.pipeline.cache import key
from uncollapse.pipeline.outputs import Job
from uncollapse.tracking.mirror import Run, follower
from uncollapse.tracking.runs import STORE, card_of, grid, points, started
from uncollapse.tracking.store import shown

PAUSE = 2.0  # seconds


def growing(seen: dict[Path, int]) -> Iterator[tuple[Path, int, Run]]:
    """The runs of the grid whose history has grown beyond the size in `seen`, with the file and its size."""
    cells, seeds = grid()
    for cell in cells:
        for seed in seeds:
            for file in (Path(".work") / "train" / str(cell)).glob(f"{seed}-*/history.csv"):
                text, card = file.read_text(), card_of(cell)
                whole = text[: text.rfind("\n") + 1]  # a row may be being written
                if len(whole) == seen.get(file) or whole.count("\n") < 2 or not card.exists():
                    continue
                start = (Path("pretrained") / f"{cell.dataset}-{cell.method}").glob(
                    f"encoder-{seed}.safetensors"
                )
                mine = key(Job("train", str(cell)).recipe, [card, *start])
                if file.parent.name == f"{seed}-{mine}":  # not of another recipe
                    history = pd.read_csv(StringIO(whole))
                    yield file, len(whole), replace(started(cell, seed), points=points(history), files={})


def main() -> None:
    """Until Ctrl-C. A store that cannot be written is told of once, and tried again."""
    uri = os.environ.get("MLFLOW_TRACKING_URI") or STORE
    follow, seen, said = follower(uri), dict[Path, int](), ""
    print(f"follow: training grows in {shown(uri)}; Ctrl-C ends this, and nothing else", flush=True)
    with tqdm(desc="follow", unit=" times", disable=None) as bar:
        while True:
            try:
                for file, size, run in growing(seen):
                    follow(run)
                    seen[file] = size
                    bar.set_postfix_str(run.name, refresh=False)
                    bar.update()
                said = ""
            except (FileNotFoundError, json.JSONDecodeError):
                pass  # no grid yet, or DVC is making it
            except UserError as error:
                if not said:
                    tqdm.write(f"follow: {error}", file=sys.stderr)
                said = str(error)
            time.sleep(PAUSE)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print()
