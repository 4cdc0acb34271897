"""Write the tables of README.md and docs/ that are made from the code and the studies: `make docs`."""

import runpy
from collections.abc import Iterator
from pathlib import Path

from uncollapse.experiment.describe import make_pieces_table, read_question
from uncollapse.registry import SLOTS

ROOT = Path(__file__).parent.parent
END = "<!-- end -->\n"  # A table ends here and begins after a comment with its name.


def make_tables() -> list[tuple[str, str, str]]:
    """Return each table with its page and with the name of its place on that page."""
    remedies = runpy.run_path(str(ROOT / "studies" / "which_remedy.py"))["make_table"]
    return [
        ("README.md", "remedies", remedies()),
        ("docs/methods.md", "slots", slots_table()),
        ("docs/methods.md", "pieces", make_pieces_table() + "\n"),
    ]


def slots_table() -> str:
    """Return the slots of models and methods as a Markdown table."""
    lines = ["| slot | filled by an entry of | question | default |", "|---|---|---|---|"]
    for slot in SLOTS.values():
        if slot.section != "datasets":
            cells = (f"`{slot.name}`", f"`{slot.section}`", read_question(slot), f"`{slot.default}`")
            lines.append(f"| {' | '.join(cells)} |".replace("q(z|x)", r"q(z\|x)"))
    return "\n".join(lines) + "\n"


def make_pages() -> Iterator[tuple[Path, str]]:
    """Yield each page that has such tables, with its text as it should be."""
    pages: dict[str, str] = {}
    for page, name, table in make_tables():
        text = pages.get(page) or (ROOT / page).read_text()
        before, begin, rest = text.partition(f"<!-- {name}: make docs -->\n")
        _, end, after = rest.partition(END)
        pages[page] = before + begin + table + end + after
    for page, text in pages.items():
        yield ROOT / page, text


if __name__ == "__main__":
    for file, text in make_pages():
        file.write_text(text)
