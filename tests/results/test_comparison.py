"""Paired comparisons against scipy, statsmodels, hand-made cases and a known effect."""

import math
from collections.abc import Sequence
from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from uncollapse.experiment.cells import Cell
from uncollapse.measures import list_columns
from uncollapse.results.comparison import Pair, compare_cells, list_pairs

ROLES = {"vae": "vae", "plain": "plain", "combinations": {"skip+aggressive": ["skip", "aggressive"]}}
NLL = {name: list_columns()[name] for name in ("nll", "nll_limit")}  # where only nll is asked for
CELLS = [
    Cell("toy", *names)
    for names in product(("vae", "control_vae"), ("plain", "skip", "aggressive", "skip+aggressive"))
]


def made_up(
    seeds: int, stream: np.random.Generator, gain: float = -2.0, fall: float = 0.0, capped: Sequence[str] = ()
) -> pd.DataFrame:
    """Runs whose nll has an effect of the seed, common to all cells, a gain of `gain` nats by skip, and
    noise of 0.5; that of skip fell by `fall`."""
    common = stream.normal(0, 20, seeds)
    rows = []
    for cell in CELLS:
        for seed in range(seeds):
            values = dict.fromkeys(list_columns(), 1.0) | {
                "nll": 100 + common[seed] + gain * ("skip" in cell.method) + stream.normal(0, 0.5)
            }
            rows.append(
                {
                    **cell._asdict(),
                    "seed": seed,
                    **values,
                    "nll_fall": fall * (cell.method == "skip"),
                    "latents": 16,
                    "mi_at_cap": cell.method in capped,
                }
            )
    return pd.DataFrame(rows)


def nll(table: pd.DataFrame, question: str, cell: Cell) -> pd.DataFrame:
    mine = (table[list(Cell._fields)] == list(cell)).all(axis=1)
    return table[mine & (table["question"] == question) & (table["measure"] == "nll")]


def test_a_bound_that_still_falls_shows_nothing_and_one_cap_leaves_a_bound() -> None:
    cell = Cell("toy", "vae", "skip")
    asked = [Pair("method", cell, cell._replace(method="plain"))]
    for gain, fall, shown in [(2.0, 0.0, True), (2.0, 0.7, False), (-2.0, 0.7, True)]:
        table = compare_cells(made_up(8, np.random.default_rng(4), gain=gain, fall=fall), asked)
        assert nll(table, "method", cell)["beyond_chance"].item() is shown
        limit = table[table["measure"] == "nll_limit"]["difference"].item()
        assert limit == pytest.approx(nll(table, "method", cell)["difference"].item() - 3 * fall)
    for capped, more, wanted in [
        (["skip"], 1.0, "one"),
        (["skip"], -1.0, "both"),
        (["plain", "skip"], 1.0, "both"),
        ([], 1.0, ""),
    ]:
        summary = made_up(4, np.random.default_rng(5), capped=capped)
        summary.loc[summary["method"] == "skip", "mi"] += more + summary["seed"] / 100
        found = compare_cells(summary, asked).set_index("measure").loc["mi"]
        assert found["at_cap"] == wanted
        assert bool(found["beyond_chance"]) is (wanted != "both")


def test_differences_are_of_paired_seeds_and_holm_is_that_of_statsmodels(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from statsmodels.stats.multitest import multipletests  # not above, where every worker would wait for it

    monkeypatch.setattr("gc.collect", lambda: 0)  # each call of multipletests has the whole memory searched
    summary = made_up(4, np.random.default_rng(0))
    table = compare_cells(summary, list_pairs(CELLS, **ROLES))
    runs = summary.set_index(["model", "method", "seed"])["nll"].sort_index()
    for row in table[table["measure"] == "nll"].to_dict("records"):
        test = stats.ttest_rel(
            runs[row["model"], row["method"]], runs[row["against_model"], row["against_method"]]
        )
        assert (row["low"], row["high"], row["p"]) == pytest.approx(
            (*test.confidence_interval(0.95), test.pvalue), rel=1e-6
        )
        assert row["seeds"] == 4
    for (_, measure), family in table.groupby(["question", "measure"]):
        beyond, holm, *_ = multipletests(family["p"], method="holm")
        assert family["p_holm"].to_numpy() == pytest.approx(holm)
        assert measure == "nll" or list(family["beyond_chance"]) == list(beyond)


def test_where_all_seeds_share_the_test_examples_their_error_is_in_the_interval() -> None:
    cell, stream = Cell("toy", "vae", "skip"), np.random.default_rng(6)
    plain = cell._replace(method="plain")
    names = ["elbo", "kl", "nll", "nll_limit"]
    examples = {
        each: {seed: pd.DataFrame(stream.normal(0, 3, (50, 4)), columns=names) for seed in range(4)}
        for each in (cell, plain)
    }
    summary, asked = made_up(4, np.random.default_rng(0)), [Pair("method", cell, plain)]
    own, all_of_it = (
        compare_cells(summary, asked, examples=some).set_index("measure") for some in (None, examples)
    )
    mean = np.mean([examples[cell][seed]["nll"] - examples[plain][seed]["nll"] for seed in range(4)], axis=0)
    variance = ((own["high"] - own["difference"])["nll"] / stats.t.ppf(0.975, 3)) ** 2, mean.var(ddof=1) / 50
    freedom = sum(variance) ** 2 / (variance[0] ** 2 / 3)
    half = (all_of_it["high"] - all_of_it["difference"])["nll"]
    assert half == pytest.approx(stats.t.ppf(0.975, freedom) * sum(variance) ** 0.5, rel=1e-6)
    wider = all_of_it["high"] - all_of_it["low"] > own["high"] - own["low"]
    assert sorted(wider.index[wider]) == names


def test_what_is_compared_with_what() -> None:
    asked = list_pairs(CELLS, **ROLES)
    best = Cell("toy", "control_vae", "skip+aggressive")
    against = {(pair.question, pair.against) for pair in asked if pair.cell == best}
    assert against == {
        ("method", best._replace(method="plain")),
        ("combination", best._replace(method="skip")),
        ("combination", best._replace(method="aggressive")),
    }
    plain = Cell("toy", "control_vae", "plain")
    assert [pair for pair in asked if pair.question == "model"] == [
        Pair("model", plain, plain._replace(model="vae"))
    ]
    assert not [pair for pair in asked if pair.cell == Cell("toy", "vae", "plain")]
    assert list_pairs(CELLS, vae=None, plain=None) == []
    cells = [plain._replace(method=method) for method in ("pretrained", "no_reserve")]
    assert list_pairs(cells, vae=None, plain=None, controls={"pretrained": "no_reserve"}) == [
        Pair("control", *cells)
    ]


def test_a_known_effect_is_found_and_intervals_cover_it() -> None:
    stream, cell = np.random.default_rng(1), Cell("toy", "vae", "skip")
    asked = [Pair("method", cell, cell._replace(method="plain"))]
    covered, found = 0, 0
    for _ in range(100):
        summary = made_up(4, stream)
        table = compare_cells(summary[summary["model"] == "vae"], asked, measures=NLL)
        row = nll(table, "method", cell).iloc[0]
        covered += row["low"] <= -2.0 <= row["high"]
        found += row["beyond_chance"]
    assert 89 <= covered <= 100, "0.95 of 100, within 2.5 standard deviations"
    assert found > 60, "an effect of three standard deviations of a difference"


def test_without_an_effect_nothing_is_beyond_chance_in_most_families() -> None:
    stream, wrong = np.random.default_rng(2), 0
    asked = [pair for pair in list_pairs(CELLS, **ROLES) if pair.question == "method"]
    for _ in range(60):
        table = compare_cells(made_up(4, stream, gain=0.0), asked, measures=NLL)
        wrong += table[table["measure"] == "nll"]["beyond_chance"].any()
    assert wrong <= 7, "in 0.05 of the families at most, within 2.5 standard deviations"


def test_one_seed_gives_no_interval_and_missing_values_are_left_out() -> None:
    summary = made_up(1, np.random.default_rng(3))
    summary["probe_accuracy"] = math.nan
    table = compare_cells(summary, list_pairs(CELLS, **ROLES))
    assert table[["low", "high", "p", "p_holm"]].isna().all(axis=None)
    assert not table["beyond_chance"].any()
    assert "probe_accuracy" not in set(table["measure"])
    few = compare_cells(summary[summary["method"] != "skip"], list_pairs(CELLS, **ROLES))
    assert "skip" not in {*few["method"], *few["against_method"]}
    assert compare_cells(summary, []).empty
