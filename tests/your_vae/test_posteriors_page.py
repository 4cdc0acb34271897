"""The examples of the page on what diagnose takes print what stands below them."""

import re
from pathlib import Path
from typing import Any

import pytest


def test_the_examples_of_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    page = (Path(__file__).parent.parent.parent / "docs/posteriors.md").read_text()
    scope: dict[str, Any] = {}
    pairs = re.findall(r"```python\n((?:(?!```).)*)```\n\n```\n(.*?)```", page, re.DOTALL)
    assert len(pairs) == 3
    for code, output in pairs:
        exec(compile(code, "docs/posteriors.md", "exec"), scope)
        assert capsys.readouterr().out == output
