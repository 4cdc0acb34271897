"""Checkpoints of the training or pretraining of one seed.

A killed stage continues from the last epoch that was completed.
"""

import io
import pickle
import time
from pathlib import Path
from typing import Any

import torch

from uncollapse.files import complete, write_whole
from uncollapse.pipeline.paths import CHECKPOINT, DONE, HISTORY
from uncollapse.pipeline.pool import Progress
from uncollapse.tables import append_row, write_table

SYNC_INTERVAL = 5.0  # Seconds between two checkpoints that wait for the disk.
UNREADABLE = (
    RuntimeError,
    EOFError,
    KeyError,
    pickle.UnpicklingError,
)  # Torch raises these for a damaged file.


class Checkpoint:
    """The training state and the history of a seed, in its folder.

    `rows` are the epochs so far; `saved` is the state after the last of them, None at the start. `progress`
    is called with every row, also with those that are there already.
    """

    def __init__(self, folder: Path, device: torch.device, progress: Progress) -> None:
        self.file = folder / CHECKPOINT
        self.history = folder / HISTORY
        self.progress = progress
        self.saved: dict[str, Any] | None = None
        self.rows: list[dict[str, Any]] = []
        self.last = time.monotonic()
        self.history.unlink(missing_ok=True)  # It may belong to another checkpoint.
        if self.file.exists():
            try:
                self.saved = torch.load(self.file, weights_only=True, map_location=device)
                self.rows = self.saved.pop("rows")
            except UNREADABLE:
                self.saved = None
                print(f"{self.file}: damaged, so this seed starts again")
        if self.rows:
            write_table(self.history, self.rows)
        for row in self.rows:
            progress(row)

    def add(self, row: dict[str, Any], state: dict[str, Any]) -> None:
        """Save the state after an epoch, and add the row to the history at once."""
        self.rows.append(row)
        content = io.BytesIO()
        torch.save({**state, "rows": self.rows}, content)
        sync = time.monotonic() - self.last > SYNC_INTERVAL
        write_whole(self.file, content.getvalue(), sync=sync)
        self.last = time.monotonic() if sync else self.last
        append_row(self.history, row)
        self.progress(row)

    def remove(self) -> None:
        """Mark the seed's folder as complete, now that training is over, and remove the checkpoint."""
        complete(self.file.parent, DONE)
        self.file.unlink(missing_ok=True)
