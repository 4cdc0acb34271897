"""Checkpoints of one seed's training: a killed stage goes on from the last one."""

import time
from pathlib import Path
from typing import Any

import torch

from uncollapse.pipeline.outputs import CHECKPOINT, HISTORY
from uncollapse.pipeline.tables import append_row, write_table

SECONDS = 5.0  # between checkpoints


class Checkpoint:
    """The training state and the history of a seed, in its folder.

    `rows` are the epochs so far; `saved` is the state after the last of them, None at the start.
    """

    def __init__(self, folder: Path, device: torch.device) -> None:
        self.file, self.history = folder / CHECKPOINT, folder / HISTORY
        self.new = self.file.with_suffix(".new")
        self.saved: dict[str, Any] | None = None
        self.rows: list[dict[str, Any]] = []
        self.last = time.monotonic()
        self.history.unlink(missing_ok=True)  # it may be ahead of the checkpoint
        if self.file.exists():
            self.saved = torch.load(self.file, weights_only=True, map_location=device)
            self.rows = self.saved.pop("rows")
            write_table(self.history, self.rows)

    def add(self, row: dict[str, Any], state: dict[str, Any]) -> None:
        """Add an epoch to the history, at once; save the state if the last checkpoint is SECONDS old."""
        self.rows.append(row)
        append_row(self.history, row)
        if time.monotonic() - self.last > SECONDS:
            torch.save({**state, "rows": self.rows}, self.new)
            self.new.replace(self.file)
            self.last = time.monotonic()

    def remove(self) -> None:
        """Training is over."""
        for file in (self.file, self.new):  # a new one is left if the stage was killed while it wrote it
            file.unlink(missing_ok=True)
