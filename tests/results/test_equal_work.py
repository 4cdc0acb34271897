"""Comparisons at equal work: what a method reaches with the work that the plain one had."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from uncollapse.experiment.cells import Cell
from uncollapse.measures import list_columns
from uncollapse.results.comparison import compare_cells, list_pairs


def histories(cells: Sequence[Cell], rng: np.random.Generator, work: dict[str, float]) -> pd.DataFrame:
    """Curves of the validation elbo that differ between seeds, and not between methods; an epoch of a method
    takes `work`."""
    rows = []
    for seed in range(4):
        curve = np.maximum.accumulate(-100 - 50 / np.arange(1, 21) + rng.normal(0, 1, 20))
        rows += [
            {**cell._asdict(), "seed": seed, "epoch": i + 1, "gflops": work.get(cell.method, 1.0) * (i + 1)}
            | {"valid_elbo": elbo}
            for cell in cells
            for i, elbo in enumerate(curve)
        ]
    return pd.DataFrame(rows)


def test_at_equal_work_a_costly_method_loses_and_plain_by_another_name_is_plain() -> None:
    cells = [Cell("toy", "vae", name) for name in ("plain", "again", "costly")]
    rng = np.random.default_rng(0)
    common = rng.normal(0, 10, 4)
    summary = pd.DataFrame(
        {**cell._asdict(), "seed": seed, **dict.fromkeys(list_columns(), 1.0), "nll": 100 + common[seed]}
        for cell in cells
        for seed in range(4)
    ).assign(latents=16, mi_at_cap=False)
    history = histories(cells, rng, {"costly": 2.0, "again": 1.0 + 1e-13})
    table = compare_cells(summary, list_pairs(cells, vae="vae", plain="plain"), history)
    found = table.set_index(["method", "measure"])
    for measure in ("nll", "elbo_at_equal_work"):
        assert found.loc[("again", measure), ["difference", "low", "high"]].tolist() == [0, 0, 0]
    assert found.loc[("costly", "nll"), "difference"] == 0
    costly = found.loc[("costly", "elbo_at_equal_work")]
    assert costly["high"] < 0
    assert costly["beyond_chance"]
    best = history[history["method"] == "plain"].groupby("seed")["valid_elbo"].max()
    assert costly["against_mean"] == pytest.approx(best.mean())
