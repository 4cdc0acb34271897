"""Fixtures that many tests share."""

import pytest
import torch


@pytest.fixture(params=["images", "tokens"])
def kind(request: pytest.FixtureRequest) -> str:
    """Both kinds of data."""
    return request.param


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """As in a worker: more threads get in each other's way."""
    torch.set_num_threads(1)
