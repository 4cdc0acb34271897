"""The examples of a page of docs/, and what they print."""

import re
from pathlib import Path
from typing import Any

import pytest

DOCS = Path(__file__).parent.parent.parent / "docs"


def find_outputs(text: str) -> list[tuple[str, str]]:
    """Return the examples of Python below which a block shows what they print: code and output."""
    return re.findall(r"```python\n((?:(?!```).)*)```\n\n```\n(.*?)```", text, re.DOTALL)


def check_examples(page: str, capsys: pytest.CaptureFixture[str]) -> int:
    """Run the examples of a page one after the other, and return how many print what stands below them."""
    scope: dict[str, Any] = {}
    examples = find_outputs((DOCS / page).read_text())
    for code, output in examples:
        exec(compile(code, f"docs/{page}", "exec"), scope)
        assert capsys.readouterr().out == output
    return len(examples)
