"""Every way to hand over the same posterior gives the same diagnosis, also in batches."""

import math
from collections import namedtuple
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas
import pytest
import torch
from numpy.typing import NDArray
from torch.distributions import Independent, Laplace, LowRankMultivariateNormal, MultivariateNormal, Normal

import uncollapse
from uncollapse.your_vae.latents.diagnosis import Diagnosis

MU, LOGVAR = torch.randn(2, 600, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 0.7
VARIANCE = LOGVAR.exp()
NOISE = torch.randn(600, 6, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
NORMAL = Normal(MU, VARIANCE.sqrt())
DIFFUSERS = SimpleNamespace(mean=MU.view(600, 1, 2, 3), logvar=LOGVAR.view(600, 1, 2, 3))  # its attributes


def pack(items: Sequence[Any]) -> NDArray[Any]:
    """Return a NumPy array of objects, as NumPy makes of ragged batches."""
    packed = np.empty(len(items), dtype=object)
    packed[:] = items
    return packed


WAYS: dict[str, dict[str, Any]] = {
    "numpy": {"mu": MU.numpy(), "logvar": LOGVAR.numpy()},
    "lists": {"mu": MU.tolist(), "logvar": LOGVAR.tolist()},
    "maps": {"mu": MU.view(600, 3, 2, 1), "logvar": LOGVAR.view(600, 3, 2, 1)},
    "var": {"mu": MU, "var": VARIANCE},
    "std": {"mu": MU, "std": VARIANCE.sqrt()},
    "normal": {"mu": NORMAL},
    "independent": {"mu": Independent(NORMAL, 1)},
    "multivariate": {"mu": MultivariateNormal(MU, covariance_matrix=torch.diag_embed(VARIANCE))},
    "diffusers": {"mu": DIFFUSERS},
    "list of batches": {"mu": list(MU.split(100)), "logvar": list(LOGVAR.split(100))},
    "tuple of uneven batches": {"mu": MU.split(130), "logvar": LOGVAR.numpy()},
    "list of examples": {"mu": list(MU), "std": list(VARIANCE.sqrt())},
    "array of objects": {"mu": pack(MU.split(130)), "var": pack(VARIANCE.split(130))},
    "nested batches": {"mu": [list(part) for part in MU.split(130)], "logvar": LOGVAR},
    "data frames": {"mu": pandas.DataFrame(MU.numpy()), "logvar": pandas.DataFrame(LOGVAR.numpy())},
    "tuple": {"mu": (MU, LOGVAR)},
    "tuple of lists": {"mu": (list(MU.split(100)), list(LOGVAR.split(100)))},
    "two lists of batches": {"mu": [list(MU.split(100)), list(LOGVAR.split(100))]},
    "list from Keras": {"mu": [MU.numpy(), LOGVAR.numpy()]},
    "triple with a sample": {"mu": (MU, LOGVAR, MU + VARIANCE.sqrt() * NOISE)},
    "pairs by batch": {"mu": list(zip(MU.split(130), LOGVAR.split(130), strict=True))},
    "pairs by example": {"mu": list(zip(MU, LOGVAR, strict=True))},
    "lists by batch": {"mu": [list(pair) for pair in zip(MU.split(130), LOGVAR.split(130), strict=True)]},
    "dict": {"mu": {"recon_x": None, "mu": MU, "logvar": LOGVAR, "z": NOISE}},
    "dict with two spreads": {"mu": {"mean": MU, "logvar": LOGVAR, "std": VARIANCE.sqrt()}},
    "dicts by batch": {
        "mu": [{"z_mean": m, "z_log_var": v} for m, v in zip(MU.split(130), LOGVAR.split(130), strict=True)]
    },
    "distributions by batch": {
        "mu": [Normal(m, v.sqrt()) for m, v in zip(MU.split(130), VARIANCE.split(130), strict=True)]
    },
    "named tuple": {"mu": namedtuple("Output", "loss mu logvar")(0.0, MU, LOGVAR)},
    "attributes": {"mu": SimpleNamespace(loss=0.0, z_mu=MU, z_logvar=LOGVAR)},
    "low rank": {"mu": LowRankMultivariateNormal(MU, torch.zeros(600, 6, 2).double(), VARIANCE)},
    "requires grad": {"mu": MU.clone().requires_grad_(), "logvar": LOGVAR},
}


def same(one: Diagnosis, other: Diagnosis) -> bool:
    """To the last digits, which the way from a variance to its logarithm may change."""
    for name, value in one.as_dict().items():
        exact = value is None or isinstance(value, str)
        assert other.as_dict()[name] == (value if exact else pytest.approx(value, rel=1e-9))
    return True


@pytest.mark.parametrize("way", WAYS)
def test_every_way_to_hand_over_the_same_posterior(way: str) -> None:
    assert same(uncollapse.diagnose(MU, LOGVAR), uncollapse.diagnose(**WAYS[way]))


def test_batches_are_the_whole() -> None:
    labels = np.arange(600) % 3
    monitor, start = uncollapse.Monitor(), 0
    for size in (100, 1, 250, 249):
        part = slice(start, start + size)
        monitor.add(MU[part].float().double(), var=VARIANCE[part], labels=labels[part])
        start += size
    whole = uncollapse.diagnose(MU.float().double(), var=VARIANCE, labels=labels)
    assert same(whole, monitor.diagnose())
    monitor.clear()
    monitor.add(NORMAL)
    assert same(uncollapse.diagnose(MU, LOGVAR), monitor.diagnose())


def test_holes_are_a_prior_that_nobody_encodes_to() -> None:
    scale = 3.0  # z is 3 times as wide as the prior
    mu = scale * torch.randn(4000, 8, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    logvar = torch.full_like(mu, math.log(1e-4))
    found = uncollapse.diagnose(mu, logvar)
    exact = 8 * 0.5 * (scale**2 - 1 - math.log(scale**2))
    assert found.marginal_kl_at_least == pytest.approx(exact, rel=0.02)
    assert found.marginal_kl >= found.marginal_kl_at_least - 1e-9
    assert found.verdict.startswith("holes: q(z) is ")
    assert uncollapse.diagnose(mu / scale, logvar).verdict == "healthy"


def test_variances_for_log_variances_are_told() -> None:
    assert "no logvar is negative" in uncollapse.diagnose(MU, VARIANCE).verdict
    assert uncollapse.diagnose(MU, VARIANCE).as_dict()["doubt"] == uncollapse.diagnose(MU, VARIANCE).verdict


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"mu": MU}, "mu should come with one of logvar, var and std, not with none"),
        ({"mu": MU, "var": VARIANCE, "std": VARIANCE}, "mu should come with one of .*, not with var and std"),
        ({"mu": MU, "var": LOGVAR}, "var: should be positive; [0-9]+ of its values are not"),
        ({"mu": MU, "std": torch.zeros_like(MU)}, "std: should be positive; 3600 of its values are not"),
        ({"mu": MU, "var": VARIANCE[:-1]}, "mu and var should have the same shape"),
        ({"mu": MU[0], "var": VARIANCE[0]}, r"mu and var should have the shape \(examples, dimensions\)"),
        ({"mu": MU[:1], "var": VARIANCE[:1]}, "mu: should have two examples or more"),
        ({"mu": MU, "logvar": 100 * VARIANCE}, "logvar: exp of .* is out of range"),
        ({"mu": MU, "logvar": "none"}, "logvar: should be an array of real numbers"),
        (
            {"mu": SimpleNamespace(mean=MU)},
            "mu: should be a Gaussian or come with its logvar; it is of Simple",
        ),
        ({"mu": Laplace(MU, VARIANCE)}, "mu: Laplace is not a Gaussian, .*uncollapse.reads"),
    ],
)
def test_a_mistake_is_one_line_that_names_the_argument(given: dict[str, Any], line: str) -> None:
    with pytest.raises(ValueError, match=f"^{line}"):
        uncollapse.diagnose(**given)


def test_mistakes_between_batches() -> None:
    monitor = uncollapse.Monitor()
    with pytest.raises(ValueError, match="monitor: no batch was added"):
        monitor.diagnose()
    monitor.add(MU, LOGVAR)
    with pytest.raises(ValueError, match="mu: should have 6 dimensions, like the batches before, not 5"):
        monitor.add(MU[:, :5], LOGVAR[:, :5])
    with pytest.raises(ValueError, match="labels: should come with every batch or with none"):
        monitor.add(MU, LOGVAR, labels=np.zeros(600))
    assert monitor.diagnose().n == 600
    monitor = uncollapse.Monitor()
    with pytest.raises(ValueError, match="labels: should be 600, one for each example, not 3"):
        monitor.add(MU, LOGVAR, labels=[0, 1, 2])


@pytest.mark.filterwarnings("ignore:holes")
def test_variances_in_batches_are_not_in_doubt() -> None:
    monitor = uncollapse.Monitor()
    monitor.add(MU, var=VARIANCE + 1)
    assert same(uncollapse.diagnose(MU, var=VARIANCE + 1), monitor.diagnose())


def test_the_kl_of_a_shared_spread_is_the_closed_form() -> None:
    variance = 0.3
    kl = 0.5 * (MU**2 + variance - 1 - math.log(variance)).sum(1).mean()
    assert uncollapse.diagnose(MU, std=variance**0.5).kl == pytest.approx(float(kl), rel=1e-12)
