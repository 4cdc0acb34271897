"""Fixtures that many tests share."""

from pathlib import Path

import pytest
import torch
from refusals import Run, runner


def pytest_runtest_setup() -> None:
    """Every test draws what it drew before, in any order and in every worker: also what its fixtures draw."""
    torch.manual_seed(0)


@pytest.fixture(params=["images", "tokens"])
def kind(request: pytest.FixtureRequest) -> str:
    """Both kinds of data."""
    return request.param


@pytest.fixture(autouse=True)
def fresh_process() -> None:
    """One thread, as in a worker: more get in each other's way. And with denormal numbers, which a test that
    works as a worker leaves off."""
    torch.set_num_threads(1)
    torch.set_flush_denormal(False)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command line in a folder of its own: exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)
    return runner(monkeypatch, capsys)
