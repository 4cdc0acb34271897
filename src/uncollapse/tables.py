"""Rows in CSV files."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

Row = Mapping[str, Any]
FORMULA = ("=", "+", "-", "@", "\t")  # A spreadsheet runs a text that begins so.


def is_formula(text: str) -> bool:
    """Tell whether a text looks like a formula, also behind apostrophes; a number does not."""
    try:
        float(text)
    except ValueError:
        return text.lstrip("'").startswith(FORMULA)
    return False


def as_text(value: Any) -> Any:
    """Return a value as it stands in a CSV file.

    A text that looks like a formula gets a ' in front. A carriage return becomes a space, because Python
    writes one and does not read it.
    """
    if not isinstance(value, str):
        return value
    text = value.replace("\r", " ")
    return f"'{text}" if is_formula(text) else text


def from_text(text: str) -> str:
    """Return the text that `as_text` wrote."""
    return text[1:] if text.startswith("'") and is_formula(text) else text


def write_table(file: Path, rows: Sequence[Row]) -> None:
    """Write rows as a CSV file."""
    with file.open("w", newline="") as out:
        writer = csv.DictWriter(out, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: as_text(value) for name, value in row.items()} for row in rows)


def last_row(file: Path, seed: int) -> dict[str, str]:
    """Return the last row of a seed in a table that `each_seed` gathered."""
    return [row for row in read_table(file) if row["seed"] == str(seed)][-1]


def read_table(file: Path) -> list[dict[str, str]]:
    """Read the rows of a CSV file."""
    with file.open(newline="") as rows:
        return list(csv.DictReader(rows))


def append_row(file: Path, row: Row) -> None:
    """Add a row to a CSV file at once, for those who watch the file grow; a new file gets a header."""
    new = not file.exists()
    with file.open("a", newline="") as out:
        writer = csv.DictWriter(out, row, lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerow(row)
