"""The examples of docs/your-vae-examples.md, with what they print."""

import re
from pathlib import Path

PAGE = (Path(__file__).parent.parent.parent / "docs/your-vae-examples.md").read_text()


def find_pairs(page: str) -> list[tuple[str, str]]:
    """Return the examples of a page with the output below each."""
    return re.findall(r"```python\n((?:(?!```).)*)```\n\n```\n(.*?)```", page, re.DOTALL)


def example(beginning: str) -> tuple[str, str]:
    """The code of the example whose first lines have `beginning`, and the output below it."""
    [found] = [pair for pair in find_pairs(PAGE) if beginning in pair[0]]
    return found
