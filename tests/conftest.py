"""Fixtures that many tests share."""

from pathlib import Path

import pytest
import torch
from refusals import Run, runner


@pytest.fixture(params=["images", "tokens"])
def kind(request: pytest.FixtureRequest) -> str:
    """Both kinds of data."""
    return request.param


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """As in a worker: more threads get in each other's way."""
    torch.set_num_threads(1)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command line in a folder of its own: exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)
    return runner(monkeypatch, capsys)
