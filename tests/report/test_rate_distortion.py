"""The picture of rate and distortion."""

import pandas as pd
import pytest
from made_results import results_of

from uncollapse.report.charts import rate_distortion
from uncollapse.report.charts.rate_distortion import find_box, list_guides, table


@pytest.fixture(autouse=True)
def families(monkeypatch: pytest.MonkeyPatch) -> None:
    """No recipes are needed."""
    monkeypatch.setattr(rate_distortion, "name_family", lambda cell: cell.model.split("_")[0])


def test_it_has_the_plain_method_alone_with_a_point_for_each_seed_and_the_mean() -> None:
    results = results_of({("control_vae", "plain"): (-5.0, 0.0)})
    rows = table(results)
    assert set(rows["method"]) == {"plain"}
    for model, of_model in rows[rows["model"] != ""].groupby("model"):
        seeds, mean = of_model[of_model["kind"] == "seed"], of_model[of_model["kind"] == "mean"]
        assert (len(seeds), len(mean)) == (4, 1), model
        for column in ("kl", "reconstruction", "elbo"):
            assert mean[column].item() == pytest.approx(seeds[column].mean())
    without = results_of({}, methods=["skip"], plain=None, combinations={})
    assert table(without).empty


@pytest.mark.parametrize("scale", [0.0, 0.01, 1.0, 300.0])
def test_along_a_guide_the_elbo_is_the_same_and_its_ends_are_in_the_box(scale: float) -> None:
    points = pd.DataFrame({"kl": [3.0, 3 + 7 * scale], "reconstruction": [90.0, 90 - 5 * scale]})
    guides = pd.DataFrame(list_guides(points))
    assert 4 <= len(guides) <= 14
    assert (guides["elbo"] + guides["kl"] + guides["reconstruction"]).abs().max() < 1e-9 * 1000
    for column in ("kl", "reconstruction"):
        low, high = find_box(points[column])
        assert guides[column].between(low - 1e-9, high + 1e-9).all()
    starts, ends = (guides[guides["kind"] == kind]["kl"].to_numpy() for kind in ("start", "end"))
    assert (starts <= ends + 1e-9).all()
