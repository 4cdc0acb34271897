"""The monitor warns once that dimensions are collapsing."""

import warnings

import torch
from torch import Tensor

import uncollapse
from uncollapse.your_vae.monitor import CollapseWarning


def encodings(alive: int) -> tuple[Tensor, Tensor]:
    """q of 4 dimensions, of which some are alive."""
    mu = torch.randn(500, 4, generator=torch.Generator().manual_seed(0)).abs() + 1
    return mu * (torch.arange(4) < alive), torch.zeros(500, 4)


def warned(monitor: uncollapse.Monitor, alive: int) -> list[str]:
    """What is told of an epoch."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        monitor.clear()
        monitor.add(*encodings(alive))
        monitor.diagnose()
    assert all(found.category is CollapseWarning for found in caught)
    return [str(found.message) for found in caught]


def test_it_warns_once_when_dimensions_die_that_were_alive() -> None:
    monitor = uncollapse.Monitor()
    assert not any(warned(monitor, alive) for alive in (0, 3, 3, 4, 3, 4, 2))
    [line] = warned(monitor, 2)
    assert line.startswith("latent dimensions are collapsing: 2 of 4 now, 0 at best before")
    assert not any(warned(monitor, alive) for alive in (1, 4, 0))
