"""Intervals are those of the t-test and cover what they should."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from uncollapse.results.statistics import estimate_error, estimate_interval


@pytest.mark.parametrize("seeds", [2, 3, 10])
def test_an_interval_and_p_are_those_of_the_t_test(seeds: int) -> None:
    values = np.random.default_rng(seeds).normal(0.7, 2, seeds)
    test = stats.ttest_1samp(values, 0)
    assert estimate_interval(values) == pytest.approx(
        (values.mean(), *test.confidence_interval(0.95), test.pvalue), rel=1e-9
    )
    assert estimate_interval([*values, math.nan]) == estimate_interval(values)


def test_where_nothing_varies_the_interval_has_no_width() -> None:
    assert estimate_interval([0.0, 0.0]) == (0.0, 0.0, 0.0, 1.0)
    same = estimate_interval([1.5, 1.5, 1.5])
    assert same[:3] == (1.5, 1.5, 1.5)
    assert math.isnan(same.p), "no test says how likely that is"
    one = estimate_interval([1.5])
    assert one.mean == 1.5
    assert all(math.isnan(value) for value in one[1:])


def test_steps_of_rounding_are_no_evidence_and_shares_stay_shares() -> None:
    one_step = estimate_interval([1 / 16, 1 / 16], grain=1 / 16)
    assert one_step.p > 0.05, "one dimension of sixteen in each of two seeds"
    assert estimate_interval([1.0] * 4, grain=1 / 16, high=1.0)[1:3] == (
        pytest.approx(1 - 3.182 / 2 / 16 / 6**0.5, rel=1e-3),
        1.0,
    )
    assert estimate_interval([1.0] * 4, grain=1 / 16).p < 0.001
    spread = np.random.default_rng(0).normal(size=5)
    assert estimate_interval(spread, grain=0.1) == estimate_interval(spread)


def test_an_interval_covers_the_luck_of_test_examples_that_all_seeds_share() -> None:
    """Values of seed and example: an effect of each, and of both together."""
    stream, covered, without = np.random.default_rng(3), 0, 0
    for _ in range(300):
        seeds, shared = stream.normal(0, 0.1, (4, 1)), stream.normal(0, 5, (1, 400))
        values = seeds + shared + stream.normal(0, 2, (4, 400))
        error = estimate_error([pd.DataFrame({"nll": row}) for row in values])["nll"]
        got = estimate_interval(values.mean(1), shared=error)
        covered += got.low <= 0 <= got.high
        assert (got.p < 0.05) is not (got.low <= 0 <= got.high)
        got = estimate_interval(values.mean(1))
        without += got.low <= 0 <= got.high
    assert 275 <= covered <= 297, "0.95 of 300, within 2.7 standard deviations"
    assert without < 240
    assert estimate_interval(values.mean(1), shared=1e-9) == pytest.approx(estimate_interval(values.mean(1)))
    certain = estimate_interval([2.0, 2.0, 2.0], shared=1.0)
    assert certain.high - certain.mean == pytest.approx(1.96, abs=1e-3)
