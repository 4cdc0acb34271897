"""The examples of the page about reads run, and print what stands below them."""

import re
from pathlib import Path
from typing import Any

import pytest

PAGE = (Path(__file__).parent.parent.parent / "docs/reads.md").read_text()


def test_the_examples_print_what_stands_below_them(capsys: pytest.CaptureFixture[str]) -> None:
    examples = re.findall(r"```python\n(.*?)```\n\n```\n(.*?)```", PAGE, re.DOTALL)
    assert len(examples) == PAGE.count("```python") == 3
    scope: dict[str, Any] = {}
    for code, output in examples:
        exec(compile(code, "docs/reads.md", "exec"), scope)
        assert capsys.readouterr().out == output
