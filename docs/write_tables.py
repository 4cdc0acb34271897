"""Write the tables of README.md and docs/ that are made from the code and the results: `make docs`."""

import re
import runpy
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PLACE = r"(<!-- {}: make docs -->\n).*?(<!-- end -->\n)"  # A table stands between two such lines.


def make_tables() -> dict[str, tuple[str, str]]:
    """Return the tables by the name in their first line: each with its page and its text."""
    remedies = runpy.run_path(str(ROOT / "studies" / "which_remedy.py"))["make_table"]
    return {"remedies": ("README.md", remedies())}


def make_pages() -> Iterator[tuple[Path, str]]:
    """Yield each page that has such a table, and its text with the table as it should be."""
    for name, (page, table) in make_tables().items():
        file = ROOT / page
        before, text = file.read_text(), re.compile(PLACE.format(name), re.DOTALL)
        yield file, text.sub(lambda place, table=table: place[1] + table + place[2], before)


if __name__ == "__main__":
    for file, text in make_pages():
        file.write_text(text)
