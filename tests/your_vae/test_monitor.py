"""The monitor warns once of each thing that goes wrong in training, and ends no training."""

import math
import warnings
from typing import Any

import pytest
import torch
from torch import Tensor

import uncollapse
from uncollapse.your_vae.monitor import NEVER_ALIVE, CollapseWarning

NAN = torch.full((500, 4), math.nan)


def encodings(alive: int, scale: float = 0.95) -> tuple[Tensor, Tensor]:
    """Return q(z|x) of 4 dimensions, of which some are alive: q(z) is the prior if the scale is below 1."""
    is_alive = torch.arange(4) < alive
    mu = scale * torch.randn(500, 4, generator=torch.Generator().manual_seed(0))
    return mu * is_alive, (math.log(1 - 0.95**2) * is_alive).expand(500, 4)


def warned(monitor: uncollapse.Monitor, alive: int, *, scale: float = 0.95, **more: Any) -> list[str]:
    """Return what is told of an epoch."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        monitor.clear()
        monitor.add(*encodings(alive, scale))
        if more:
            monitor.add(**more)
        monitor.diagnose()
    assert all(found.category is CollapseWarning for found in caught)
    assert all(found.filename == __file__ for found in caught)
    return [str(found.message) for found in caught]


def test_it_warns_once_when_dimensions_die_that_were_alive() -> None:
    monitor = uncollapse.Monitor()
    assert not any(warned(monitor, alive) for alive in (0, 3, 3, 4, 3, 4, 2))
    [line] = warned(monitor, 2)
    assert line.startswith("latent dimensions are collapsing: 2 of 4 now, 0 at best before")
    assert not any(warned(monitor, alive) for alive in (1, 4, 0))


def test_it_warns_once_of_latents_that_were_never_alive() -> None:
    monitor = uncollapse.Monitor()
    assert not any(warned(monitor, 0) for _ in range(NEVER_ALIVE - 1))
    [line] = warned(monitor, 0)
    assert line.startswith("the latents were never alive, in 5 diagnoses: collapsed; uncollapse.audit tells")
    assert not any(warned(monitor, 0) for _ in range(20))


def test_latents_that_live_late_were_alive() -> None:
    """So it is with a warm-up of the KL weight that begins late."""
    monitor = uncollapse.Monitor()
    assert not any(warned(monitor, alive) for alive in [0] * (NEVER_ALIVE - 1) + [1] * 20)


def test_it_warns_once_of_holes() -> None:
    monitor = uncollapse.Monitor()
    assert not warned(monitor, 4)
    [line] = warned(monitor, 4, scale=5.0)
    assert line.startswith("holes: q(z) is ")
    assert not warned(monitor, 4, scale=5.0)


def test_values_that_are_no_numbers_are_left_out_with_one_warning() -> None:
    monitor = uncollapse.Monitor()
    [line] = warned(monitor, 4, mu=NAN, logvar=NAN)
    told = "mu: 2000 of 2000 values are NaN or infinite"
    assert line == f"a batch is left out of the diagnosis of the latents: {told}"
    found = monitor.diagnose()
    assert found.n == 500
    assert found.verdict == f"in doubt: 1 of 2 batches are left out: {told}"
    assert found.mi == uncollapse.diagnose(*encodings(4)).mi
    assert not warned(monitor, 4, mu=NAN, logvar=NAN)
    assert not warned(monitor, 4)
    assert monitor.diagnose().verdict == "healthy"


@pytest.mark.parametrize(
    "batch",
    [
        {"mu": NAN, "logvar": NAN},
        {"mu": torch.zeros(500, 4), "logvar": NAN},
        {"mu": torch.zeros(500, 4), "logvar": torch.full((500, 4), 95.0)},
        {"mu": torch.zeros(500, 4), "std": torch.zeros(500, 4)},
        {"mu": torch.full((500, 4), 1e200, dtype=torch.float64), "logvar": torch.zeros(500, 4)},
    ],
)
def test_a_training_goes_on_when_nothing_is_left_to_diagnose(batch: dict[str, Tensor]) -> None:
    monitor = uncollapse.Monitor()
    for epoch in range(3):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            monitor.clear()
            monitor.add(**batch)
            found = monitor.diagnose()
        assert epoch == 0 or not caught
        assert found.verdict.startswith("in doubt: ")
        assert math.isnan(found.kl)
        assert found.as_dict()["verdict"] == found.verdict
    assert not warned(monitor, 4)


def test_a_wrong_call_raises_until_the_first_diagnosis_and_never_after_it() -> None:
    monitor = uncollapse.Monitor()
    with pytest.raises(ValueError, match=r"^mu and logvar should have the same shape"):
        monitor.add(torch.zeros(500, 4), torch.zeros(500, 3))
    with pytest.raises(ValueError, match=r"^monitor: no batch was added$"):
        monitor.diagnose()
    assert not warned(monitor, 4)
    wrong = {"mu": torch.zeros(500, 4), "logvar": torch.zeros(500, 3)}
    [line] = warned(monitor, 4, **wrong)
    assert line.startswith("a batch is left out of the diagnosis of the latents: mu and logvar should have")
    monitor.clear()
    with pytest.warns(CollapseWarning, match=r"^the latents are not diagnosed: monitor: no batch was added$"):
        assert monitor.diagnose().n == 0
