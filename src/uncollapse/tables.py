"""Rows in CSV files."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

Row = Mapping[str, Any]
FORMULA = ("=", "+", "-", "@", "\t")  # with these a spreadsheet takes a text for a formula, and runs it


def is_formula(text: str) -> bool:
    """Whether a text looks like one, also behind apostrophes; a number is none."""
    try:
        float(text)
    except ValueError:
        return text.lstrip("'").startswith(FORMULA)
    return False


def as_text(value: Any) -> Any:
    """A value as it stands in a CSV file: a label or a sentence that looks like a formula behind a ', and
    without a carriage return, which Python writes and does not read."""
    if not isinstance(value, str):
        return value
    text = value.replace("\r", " ")
    return f"'{text}" if is_formula(text) else text


def from_text(text: str) -> str:
    """The label or the sentence that `as_text` wrote."""
    return text[1:] if text.startswith("'") and is_formula(text) else text


def write_table(file: Path, rows: Sequence[Row]) -> None:
    """Rows as a CSV file."""
    with file.open("w", newline="") as out:
        writer = csv.DictWriter(out, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: as_text(value) for name, value in row.items()} for row in rows)


def last_row(file: Path, seed: int) -> dict[str, str]:
    """The last row of a seed in a table that `each_seed` gathered."""
    return [row for row in read_table(file) if row["seed"] == str(seed)][-1]


def read_table(file: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with file.open(newline="") as rows:
        return list(csv.DictReader(rows))


def append_row(file: Path, row: Row) -> None:
    """Add a row to a CSV file, below a header where the file is new; at once, for those who watch it grow."""
    new = not file.exists()
    with file.open("a", newline="") as out:
        writer = csv.DictWriter(out, row, lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerow(row)
