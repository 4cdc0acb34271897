"""The calibration finds out what is wrong. That it holds where nothing is, the pipeline's test sees."""

import csv
import runpy
import signal
from pathlib import Path

import numpy as np
import pytest

from uncollapse.errors import UserError
from uncollapse.pipeline import calibration


def test_the_data_have_the_spectrum() -> None:
    x = calibration.make_data().x
    assert x.mean(0) == pytest.approx(0, abs=1e-5)
    assert np.linalg.eigvalsh(np.cov(x.T, bias=True))[::-1] == pytest.approx(calibration.SPECTRUM, rel=1e-4)


def test_the_optimum_is_where_the_elbo_of_a_linear_vae_is_largest() -> None:
    """For diagonal covariance and decoder diag(w), encoder m x, variance v: beta-ELBO of each dimension,
    by a grid."""
    w, m, v = np.meshgrid(
        np.linspace(0, 5, 121), np.linspace(0, 1, 121), np.linspace(0.02, 1, 99), indexing="ij"
    )
    for beta in (1.0, 3.0):
        for eigenvalue, expected in zip(calibration.SPECTRUM, calibration.find_optimum(beta), strict=False):
            kl = 0.5 * (m**2 * eigenvalue + v - 1 - np.log(v))
            loss = 0.5 * (eigenvalue * (1 - w * m) ** 2 + w**2 * v) / calibration.VARIANCE + beta * kl
            assert kl.flat[loss.argmin()] == pytest.approx(expected, abs=0.03)


def test_what_was_not_trained_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("signal.getsignal", lambda _: signal.SIG_IGN)  # so that pytest keeps its Ctrl-C
    stage = runpy.run_path(str(Path(__file__).parent.parent.parent / "stages" / "calibrate.py"))
    monkeypatch.setattr(calibration, "SCHEDULE", [(1, 0.001)])
    monkeypatch.chdir(tmp_path)
    (tmp_path / "metrics").mkdir()
    with pytest.raises(
        UserError, match=r"calibration: beta 1: kl_1 is .*, it should be 1\.49787; .* such in "
    ):
        stage["main"]()
    with (tmp_path / "metrics/calibration.csv").open() as rows:
        assert {row["run"] for row in csv.DictReader(rows)} == {"beta 1", "beta 3", "pi, 3.5 nats"}
