"""SCVI, a VAE of counts of single cells: its latents are means and variances."""

from typing import Any

import numpy as np
import pytest
from snippets import example

import uncollapse


def test_the_latents_of_scvi_are_diagnosed(capsys: pytest.CaptureFixture[str]) -> None:
    code, output = example("import scvi")
    scope: dict[str, Any] = {}
    exec(code, scope)
    assert capsys.readouterr().out == output
    mean, variance = (scope[name].astype(float) for name in ("mean", "variance"))
    exact = 0.5 * (mean**2 + variance - 1 - np.log(variance))
    assert uncollapse.diagnose(mean, var=variance).kl == pytest.approx(exact.sum(1).mean(), rel=1e-9)
