"""The examples of the page on what diagnose takes print what stands below them."""

import pytest
from page_examples import check_examples


def test_the_examples_of_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert check_examples("posteriors.md", capsys) == 3
