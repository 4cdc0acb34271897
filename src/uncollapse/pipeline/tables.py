"""Rows in CSV files."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

Row = Mapping[str, Any]


def write_table(file: Path, rows: Sequence[Row]) -> None:
    """Rows as a CSV file."""
    with file.open("w", newline="") as out:
        writer = csv.DictWriter(out, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def last_row(file: Path, seed: int) -> dict[str, str]:
    """The last row of a seed in a table that `each_seed` gathered."""
    with file.open(newline="") as rows:
        return [row for row in csv.DictReader(rows) if row["seed"] == str(seed)][-1]


def append_row(file: Path, row: Row) -> None:
    """Add a row to a CSV file, below a header where the file is new; at once, for those who watch it grow."""
    new = not file.exists()
    with file.open("a", newline="") as out:
        writer = csv.DictWriter(out, row, lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerow(row)
