"""What other libraries and people hand over is read, or refused in one line that says what to pass."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import distributions

import uncollapse
from uncollapse.your_vae.handed_over.named_spreads import find_kind
from uncollapse.your_vae.handed_over.posterior_inputs import load_encodings, read_posterior

COUNT = 200
GENERATOR = torch.Generator().manual_seed(0)
MU = 0.9 * torch.randn(COUNT, 6, generator=GENERATOR, dtype=torch.float64)
LOGVAR = torch.randn(COUNT, 6, generator=GENERATOR, dtype=torch.float64) - 1
STD = (LOGVAR / 2).exp()
SPREADS = {"logvar": LOGVAR, "var": LOGVAR.exp(), "std": STD, "logstd": LOGVAR / 2}


class Tensorflow:
    """A distribution like those of TensorFlow Probability and distrax: its statistics are methods."""

    def __init__(self, **methods: Any) -> None:
        for name, value in {"mean": MU.numpy(), **methods}.items():
            setattr(self, name, lambda value=value: value)

    def log_prob(self, z: Any) -> Any:
        """Stand for the density, which diagnose does not call."""
        raise NotImplementedError


class Independent(Tensorflow):
    """A wrapper of a distribution, as TensorFlow Probability has one."""

    distribution = Tensorflow(stddev=STD.numpy())


class StudentT(Tensorflow):
    """A distribution that is not Gaussian, though it has a mean and a standard deviation."""


class Unreadable:
    """An object whose attributes cannot be read."""

    def __dir__(self) -> list[str]:
        """Refuse to list the names."""
        raise RuntimeError

    @property
    def mean(self) -> Any:
        """Refuse to give the mean."""
        raise NotImplementedError


def check(*given: Any, rel: float = 1e-9, **named: Any) -> None:
    """Assert that these are the posteriors MU, LOGVAR."""
    q = read_posterior(*given, **named)
    assert q.mu.numpy() == pytest.approx(MU.numpy(), rel=rel, abs=rel)
    assert q.logvar.numpy() == pytest.approx(LOGVAR.numpy(), rel=rel, abs=rel)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *[(name, "mean") for name in ("mu", "mean", "loc", "z_mean", "mu_z", "qz_m", "latent_mean", "q_mu")],
        *[(name, "logvar") for name in ("logvar", "log_var", "z_log_var", "LogVar", "log_sigma_sq")],
        *[(name, "var") for name in ("var", "variance", "qz_v", "z_var")],
        *[(name, "std") for name in ("std", "stddev", "scale", "sigma", "z_std")],
        *[(name, "logstd") for name in ("logstd", "log_std", "__logstd__", "z_log_sigma", "log_scale")],
        *[(name, None) for name in ("z", "recon", "mean_x", "prior_mu", "x_mean", "loss", "mu2", 3, "")],
    ],
)
def test_names_of_means_and_spreads(name: Any, kind: str | None) -> None:
    assert find_kind(name) == kind
    if kind not in (None, "mean"):
        check({"mu": MU, name: SPREADS[str(kind)], "z": None})


@pytest.mark.parametrize("name", ["variance", "stddev", "std", "var", "logvar"])
def test_statistics_may_be_methods(name: str) -> None:
    kind = find_kind(name) or ""
    check(Tensorflow(**{name: SPREADS[kind].numpy()}))
    check(SimpleNamespace(mean=lambda: MU, **{name: lambda: SPREADS[kind]}))
    check(SimpleNamespace(mean=MU, **{name: SPREADS[kind]}))
    check(Independent())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_half_precision(dtype: torch.dtype) -> None:
    check(MU.to(dtype), LOGVAR.to(dtype), rel=2e-2)


@pytest.mark.parametrize(
    "narrow",
    [lambda a: a[:, :1], lambda a: a[:, 0], lambda a: a[:1], lambda a: a[0], lambda a: a[0, 0], float],
)
def test_a_spread_may_be_isotropic_or_shared(narrow: Callable[[Any], Any]) -> None:
    constant = torch.full_like(LOGVAR, -0.5)
    expected = uncollapse.diagnose(MU, constant)
    given = narrow(constant) if narrow is not float else -0.5
    assert uncollapse.diagnose(MU, given).as_dict() == expected.as_dict()
    maps = MU.view(COUNT, 3, 2), torch.full((3, 2), -0.5)
    assert uncollapse.diagnose(*maps).kl == pytest.approx(expected.kl, rel=1e-12)


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ([(MU[:20], LOGVAR[:20]), (MU[20:, :4], LOGVAR[20:, :4])], "pass levels="),
        ([distributions.Normal(MU, STD), distributions.Normal(MU[:, :2], STD[:, :2])], "pass levels="),
        ((MU, LOGVAR, MU + 5), "the third is no sample .* pass mu and logvar alone"),
        ((MU[:, :1], LOGVAR, MU), "the third is no sample"),
        ([[MU, LOGVAR], [MU, LOGVAR]], "a list of two lists of two; pass mu and logvar as two arguments"),
        ([MU] * 5, "mu should come with one of logvar, var and std, not with none; .* a list of 5 items"),
        ({"mean": MU, "z_mean": MU, "logvar": LOGVAR}, "mean and z_mean may both be the mean of q"),
        ({"mu": MU, "logvar": LOGVAR, "std": 3 * STD}, "its logvar and std are not those of one q"),
        ({"z": MU}, "has no key such as mu, mean, loc or z_mean; its keys: 'z'"),
        ({"mu": MU, "z": MU}, "not with none; the keys of this mu: 'mu', 'z'"),
        ((MU for _ in range(3)), "is an iterator, .* pass list"),
        (torch.nn.Linear(2, 2), "should be what an encoder gives"),
        (StudentT(stddev=STD), "StudentT is not a Gaussian, .*uncollapse.reads"),
        (SimpleNamespace(mean=lambda: MU), "should be a Gaussian or come with its logvar"),
        (Unreadable(), "mu: cannot be read: RuntimeError"),
        (None, "mu: should be given, with one of logvar"),
        ([], "mu: is an empty list"),
    ],
)
def test_what_is_refused_says_what_to_pass(given: Any, line: str) -> None:
    with pytest.raises(ValueError, match=line) as caught:
        uncollapse.diagnose(given)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "q",
    [
        distributions.Laplace(MU, STD),
        distributions.LogNormal(MU, STD),
        distributions.Independent(distributions.StudentT(5.0, MU, STD), 1),
        distributions.TransformedDistribution(
            distributions.Normal(MU, STD), [distributions.transforms.TanhTransform()]
        ),
        distributions.MixtureSameFamily(
            distributions.Categorical(torch.ones(COUNT, 6)), distributions.Normal(MU, STD)
        ),
    ],
    ids=lambda q: type(q).__name__,
)
def test_distributions_that_are_not_gaussian(q: distributions.Distribution) -> None:
    with pytest.raises(ValueError, match=r"^mu: \w+ is not a Gaussian, .* uncollapse.reads"):
        uncollapse.diagnose(q)


def test_shapes_that_do_not_say_what_they_are() -> None:
    with pytest.raises(ValueError, match=r"shapes \(20, 6\) and \(180, 4\); for the levels .* pass levels="):
        uncollapse.diagnose([MU[:20], MU[20:, :4]], [LOGVAR[:20], LOGVAR[20:, :4]])
    with pytest.raises(ValueError, match="remove the axes of size 1"):
        uncollapse.diagnose(MU[..., None], LOGVAR)
    with pytest.raises(ValueError, match=r"pass logvar as \(examples, 1\) or as \(1, dimensions\)"):
        uncollapse.diagnose(MU[:6], LOGVAR[0])
    with pytest.raises(ValueError, match="no samples z beside them"):
        uncollapse.diagnose(MU, LOGVAR, MU)
    with pytest.raises(ValueError, match="no samples z beside them"):
        uncollapse.Monitor().add(MU, LOGVAR, MU)
    with pytest.raises(ValueError, match="von Mises-Fisher"):
        uncollapse.diagnose(torch.nn.functional.normalize(MU), torch.ones(COUNT, 1))
    with pytest.raises(ValueError, match="example 7, is out of range; clamp logvar"):
        uncollapse.diagnose(MU, LOGVAR.index_fill(0, torch.tensor([7]), 95.0))


def test_more_dimensions_than_examples_are_in_doubt_unless_they_are_maps() -> None:
    found = uncollapse.diagnose(MU.T, LOGVAR.T)
    assert found.doubt is not None
    assert "more dimensions (200) than examples (6)" in found.verdict
    maps = uncollapse.diagnose(MU.view(10, 5, 6, 4), LOGVAR.view(10, 5, 6, 4))
    assert maps.doubt is None
    directions = torch.nn.functional.normalize(MU)
    assert "von Mises-Fisher" in uncollapse.diagnose(directions, LOGVAR).verdict


@pytest.mark.parametrize("name", ["var", "std", "z_log_var", "logstd"])
def test_a_file_may_have_the_names_of_a_dict(name: str, tmp_path: Path) -> None:
    file = tmp_path / "latents.npz"
    arrays = {"z_mean": MU.numpy(), name: SPREADS[str(find_kind(name))].numpy()}
    np.savez(file, **arrays, labels=np.arange(COUNT) % 2)
    found = load_encodings(file)
    assert found.pop("labels").tolist() == [0, 1] * (COUNT // 2)
    check(**found)
    np.savez(file, **arrays, mu=MU.numpy())
    with pytest.raises(ValueError, match=r"latents.npz: mu: .*z_mean.* may both be the mean"):
        load_encodings(file)
