"""The examples of docs/your-vae-examples.md, with what they print."""

import re
from pathlib import Path

PAGE = (Path(__file__).parent.parent.parent / "docs/your-vae-examples.md").read_text()


def example(beginning: str) -> tuple[str, str]:
    """The code of the example whose first lines have `beginning`, and the output below it."""
    pairs = re.findall(r"```python\n((?:(?!```).)*)```\n\n```\n(.*?)```", PAGE, re.DOTALL)
    [found] = [pair for pair in pairs if beginning in pair[0]]
    return found
