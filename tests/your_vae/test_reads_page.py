"""The examples of the page about reads run, and print what stands below them."""

import pytest
from page_examples import DOCS, check_examples


def test_the_examples_print_what_stands_below_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert check_examples("reads.md", capsys) == (DOCS / "reads.md").read_text().count("```python") == 3
