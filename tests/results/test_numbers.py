"""Numbers with their intervals, as text, and the Pareto front."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from made_results import results_of

from uncollapse.experiment.cells import Cell
from uncollapse.report.table import describe_difference
from uncollapse.results.comparison import Pair
from uncollapse.results.evidence import Evidence
from uncollapse.results.means import find_front
from uncollapse.results.numbers import show_difference, show_interval, show_mean
from uncollapse.results.rows import CellMeans, Comparison
from uncollapse.results.statistics import Interval


def comparison(measure: str, change: float, at_cap: str = "") -> Comparison:
    """A difference of about 1 to both sides, which is beyond chance."""
    cell = Cell("toy", "vae", "skip")
    pair = Pair("method", cell, cell._replace(method="plain"))
    return Comparison(pair, measure, 4, change, 0.0, change, change - 1, change + 1, at_cap, 0.01, True)


def test_numbers_have_two_digits_of_their_interval() -> None:
    assert show_interval(-33.19175, -37.23, -29.153, " nats") == "−33.2 nats [−37.2, −29.2]"
    assert show_interval(0.0625, -0.019, 0.144, " %", scale=100, signed=False) == "6.2 % [−1.9, 14.4]"
    assert show_interval(1234.5, 1200.0, 1269.0) == "+1234 [+1200, +1269]"
    assert "no interval" in show_interval(1.0, float("nan"), float("nan"))


@pytest.mark.parametrize(
    ("measure", "mean", "low", "high", "expected"),
    [
        ("nll", 153.845, 149.39, 158.3, "153.8 ± 4.5"),
        ("elbo", -153.845, -158.3, -149.39, "−153.8 ± 4.5"),
        ("mi", 6.15, 6.1, 6.2, "6.15 to 17.80"),
        ("collapsed", 0.5, 0.48, 0.52, "50.0 % [48.0, 52.0]"),
        ("probe_accuracy", float("nan"), float("nan"), float("nan"), ""),
        ("nll", 153.845, float("nan"), float("nan"), "153.84"),
    ],
)
def test_a_mean_is_shown_with_its_interval(
    measure: str, mean: float, low: float, high: float, expected: str
) -> None:
    intervals = {"mi_upper": Interval(17.8, 17.0, 18.6), measure: Interval(mean, low, high)}
    assert show_mean(CellMeans(4, intervals, frozenset(["mi"])), measure) == expected


@pytest.mark.parametrize(
    ("measure", "change", "at_cap", "expected"),
    [
        ("kl", 2.0, "", ("+2.0 [+1.0, +3.0]", "changed")),
        ("nll", 2.0, "", ("+2.0 [+1.0, +3.0]", "worse")),
        ("mi", 2.0, "", ("+2.0 [+1.0, +3.0]", "better")),
        ("mi", 0.05, "", ("+0.1 [−0.9, +1.1]", "")),  # less than eps
        ("mi", 2.0, "one", ("at least +2.0 [+1.0, +3.0]", "better")),
        ("mi", 2.0, "both", ("", "")),
    ],
)
def test_a_difference_in_the_table_has_its_sign(
    measure: str, change: float, at_cap: str, expected: tuple[str, str]
) -> None:
    row = comparison(measure, change, at_cap)
    evidence = Evidence(results_of({}, methods=["plain"]))
    assert describe_difference(row, evidence) == expected
    assert describe_difference(replace(row, beyond_chance=False), evidence) == (expected[0], "")


@pytest.mark.parametrize(
    ("measure", "unit"), [("nll", " nats"), ("collapsed", " points"), ("active_units", "")]
)
def test_a_difference_has_the_unit_of_its_measure(measure: str, unit: str) -> None:
    text = show_difference(comparison(measure, 0.5))
    assert re.sub(r"[-+−\d.]", "", text.split(" [")[0]) == unit


def test_the_front_are_the_cells_that_no_cell_of_their_data_set_beats() -> None:
    rng = np.random.default_rng(0)
    mi = rng.integers(0, 4, 40) * 1.0
    means = pd.DataFrame(
        {
            "dataset": ["a", "b"] * 20,
            "nll": rng.integers(0, 5, 40),
            "mi": mi,
            "mi_cap": 2.2,
            "mi_at_cap": mi > 1.7,
        }
    )
    at_cap = np.where(mi > 1.7, 2.2, mi)

    def beats(i: int, j: int) -> bool:
        pair = [(means["nll"][i], means["nll"][j]), (-at_cap[i], -at_cap[j])]
        return (
            means["dataset"][i] == means["dataset"][j]
            and all(a <= b for a, b in pair)
            and any(a < b for a, b in pair)
        )

    expected = [not any(beats(i, j) for i in means.index) for j in means.index]
    assert find_front(means).tolist() == expected
    assert 0 < sum(expected) < len(expected)
