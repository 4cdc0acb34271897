"""The entropy of codes is that of their distribution, whatever the number of draws."""

import numpy as np
import pytest
from numpy.typing import NDArray

from uncollapse.your_vae.discrete.entropy_estimates import (
    EntropyEstimate,
    estimate_column_entropies,
    estimate_entropy,
)

POSITIONS = 8


def zipf(size: int) -> NDArray[np.float64]:
    shares = 1 / np.arange(1, size + 1)
    return shares / shares.sum()


SHARES = {
    "even_4": np.full(4, 1 / 4),
    "even_32": np.full(32, 1 / 32),
    "even_512": np.full(512, 1 / 512),
    "zipf_512": zipf(512),
    "two": np.array([0.5, 0.5]),
    "two_skewed": np.array([0.9, 0.1]),
    "one_rare": np.array([0.99, 0.01]),
    "three_of_512": np.r_[np.full(3, 1 / 3), np.zeros(509)],
}


def entropy(shares: NDArray[np.float64]) -> float:
    seen = shares[shares > 0]
    return float(-(seen * np.log(seen)).sum())


def draw(generator: np.random.Generator, shares: NDArray[np.float64], n: int) -> NDArray[np.int64]:
    return generator.choice(len(shares), n, p=shares)


def draw_dependent(generator: np.random.Generator, shares: NDArray[np.float64], n: int) -> NDArray[np.int64]:
    """Examples of eight positions, seven in ten of which repeat one code of the example."""
    codes = np.repeat(draw(generator, shares, n // POSITIONS)[:, None], POSITIONS, 1)
    fresh = draw(generator, shares, codes.size).reshape(codes.shape)
    return np.where(generator.random(codes.shape) < 0.3, fresh, codes)


def estimate(codes: NDArray[np.int64], size: int) -> EntropyEstimate:
    flat = codes.reshape(len(codes), -1)
    return estimate_entropy(np.arange(len(flat)).repeat(flat.shape[1]), flat.ravel(), size)


@pytest.mark.parametrize("positions", ["independent", "dependent"])
@pytest.mark.parametrize("name", SHARES)
def test_the_interval_holds_the_exact_entropy_at_every_batch_size(name: str, positions: str) -> None:
    shares, generator = SHARES[name], np.random.default_rng(0)
    exact, kind = entropy(shares), draw if positions == "independent" else draw_dependent
    for n in (10, 100, 1000, 10_000):
        if n == 10 and positions == "dependent":
            continue  # One example has no interval.
        found = [estimate(kind(generator, shares, n), len(shares)) for _ in range(100 if n < 1000 else 40)]
        held = np.mean([one.low - 1e-9 <= exact <= one.high + 1e-9 for one in found])
        assert held >= 0.87, f"{n} draws: {held}"
        bias = abs(np.mean([one.entropy for one in found]) - exact)
        assert bias <= np.mean([one.high - one.low for one in found]), f"{n} draws"
        if n >= 20 * len(shares) and positions == "independent":
            assert bias < 0.02 * exact + 0.005
            assert np.mean([one.high - one.low for one in found]) < 0.3


def test_the_plain_entropy_would_be_too_small_where_the_estimate_is_right() -> None:
    generator = np.random.default_rng(0)
    codes = [draw(generator, SHARES["even_32"], 100) for _ in range(100)]
    plain = np.mean([entropy(np.bincount(one, minlength=32) / 100) for one in codes])
    found = np.mean([estimate(one, 32).entropy for one in codes])
    assert plain < np.log(32) - 0.15
    assert found == pytest.approx(np.log(32), abs=0.04)


def test_the_missing_mass_is_that_of_the_codes_that_were_not_drawn() -> None:
    generator, shares = np.random.default_rng(0), SHARES["zipf_512"]
    found, true = [], []
    for _ in range(200):
        codes = draw(generator, shares, 300)
        found.append(estimate(codes, 512).missing)
        true.append(shares[np.setdiff1d(np.arange(512), codes)].sum())
    assert np.mean(found) == pytest.approx(np.mean(true), abs=0.01)


def test_copies_of_every_code_within_an_example_change_nothing() -> None:
    codes = draw(np.random.default_rng(0), SHARES["zipf_512"], 200)
    once, often = estimate(codes, 512), estimate(np.repeat(codes[:, None], 5, 1), 512)
    assert often == pytest.approx(once)


def test_examples_may_have_codes_in_any_number_and_order() -> None:
    example, code = np.array([0, 0, 1, 2, 2, 2]), np.array([3, 1, 3, 0, 0, 3])
    found = estimate_entropy(example, code, 4)
    order = np.array([5, 2, 0, 1, 4, 3])
    assert estimate_entropy(example[order], code[order], 4) == pytest.approx(found)
    plain = [
        entropy(np.bincount(code[example != one], minlength=4) / (example != one).sum()) for one in range(3)
    ]
    whole = entropy(np.bincount(code, minlength=4) / 6)
    assert found.entropy == pytest.approx(np.clip(3 * whole - 2 * np.mean(plain), 0, np.log(4)))


def test_the_entropy_of_a_column_is_that_of_its_codes() -> None:
    codes = np.stack([draw(np.random.default_rng(seed), SHARES["two_skewed"], 500) for seed in range(3)], 1)
    codes[:100, 2] = -1
    found = estimate_column_entropies(codes, 2)
    kept = [codes[:, 0], codes[:, 1], codes[100:, 2]]
    assert found == pytest.approx([estimate(column, 2).entropy for column in kept])
    assert np.isnan(estimate_column_entropies(np.full((3, 1), -1), 2)).all()
