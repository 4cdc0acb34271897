"""Whatever is given, diagnosis, measures, intervals and audit obey their laws or refuse it in one line."""

import json
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from laws import LAW, told
from losses import batch, kl
from torch import Tensor

import uncollapse
from uncollapse.measures.active_units import count_active_units
from uncollapse.measures.collapse import find_thresholds, share_of_collapsed
from uncollapse.measures.information_per_dimension import estimate_per_dimension
from uncollapse.measures.mutual_information import estimate_mi
from uncollapse.results.statistics import estimate_interval
from uncollapse.vae import Gaussian


def encodings(low: float, high: float) -> st.SearchStrategy[np.ndarray]:
    shapes = array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=12)
    return shapes.flatmap(lambda shape: arrays(np.float64, (2, *shape), elements=st.floats(low, high)))


@LAW
@given(q=encodings(-60, 60), delta=st.floats(0, 0.99))
def test_a_diagnosis_obeys_its_laws(q: np.ndarray, delta: float) -> None:
    try:
        found = uncollapse.diagnose(*q, delta=delta)
    except ValueError as error:
        told(error)
        assert len(q[0]) == 1
        return
    assert (found.n, found.d) == q[0].shape
    assert 0 <= found.active_units <= found.d
    assert found.mi <= found.mi_cap + 1e-9
    assert (found.kl_per_dimension >= -1e-12).all()
    shares = [found.collapsed(eps) for eps in (0, 0.01, 1.0, 1e30)]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0, 1)
    assert json.loads(json.dumps(found.as_dict(), allow_nan=False)) == found.as_dict()
    assert found.verdict.isprintable()


@LAW
@given(q=encodings(-300, 300))
def test_a_diagnosis_of_anything_is_finite_or_refused(q: np.ndarray) -> None:
    try:
        json.dumps(uncollapse.diagnose(*q).as_dict(), allow_nan=False)
    except ValueError as error:
        told(error, ("mu: ", "logvar: "))


@LAW
@given(q=encodings(-5, 5), seed=st.integers(0, 2**32 - 1))
def test_measures_do_not_depend_on_the_order_of_examples(q: np.ndarray, seed: int) -> None:
    if len(q[0]) == 1:
        return
    generator = torch.Generator().manual_seed(seed)
    one = Gaussian(*torch.from_numpy(q))
    noise = torch.randn(one.mu.shape, generator=generator)
    order = torch.randperm(len(one.mu), generator=generator)
    other = Gaussian(one.mu[order], one.logvar[order])
    thresholds = find_thresholds(one.kl())
    assert torch.equal(thresholds, find_thresholds(other.kl()))
    assert share_of_collapsed(thresholds, float(thresholds.max()) + 1) == 1
    spread = float((one.mu.var(0) - 0.01).abs().min())
    assert spread < 1e-9 or count_active_units(one.mu) == count_active_units(other.mu)
    here, there = estimate_mi(one, noise), estimate_mi(other, noise[order])
    assert here.mi == pytest.approx(there.mi, abs=1e-7)
    assert here.mi - 1e-9 <= here.cap == math.log(len(one.mu))
    each = estimate_per_dimension(one, noise.unsqueeze(0)).information
    assert bool((each <= here.cap + 1e-9).all())
    same = Gaussian(one.mu[:1].expand_as(one.mu), one.logvar[:1].expand_as(one.mu))
    assert estimate_mi(same, noise).mi == pytest.approx(0, abs=1e-6), "one q for all tells nothing"


@LAW
@given(values=st.lists(st.floats(-1e6, 1e6) | st.just(math.nan), max_size=8), grain=st.floats(0, 1))
def test_an_interval_holds_its_mean(values: list[float], grain: float) -> None:
    found = estimate_interval(values, grain=grain)
    finite = [value for value in values if not math.isnan(value)]
    assert math.isnan(found.mean) == (not finite)
    assert math.isnan(found.low) == (len(finite) < 2)
    if len(finite) > 1:
        assert min(finite) - 1e-6 <= found.mean <= max(finite) + 1e-6
        assert found.low <= found.mean <= found.high
        assert math.isnan(found.p) or 0 <= found.p <= 1


@LAW
@given(
    weights=st.tuples(st.floats(1e-3, 1e3), st.floats(1e-3, 1e3)),
    count=st.integers(2, 9),
    sizes=st.tuples(st.integers(1, 40), st.integers(1, 9)),
)
def test_an_audit_finds_the_weights(weights: tuple[float, float], count: int, sizes: tuple[int, int]) -> None:
    of_errors, of_kl = weights

    def loss(output: Tensor, x: Tensor, *q: Tensor) -> Tensor:
        return of_errors * 0.5 * (output - x).square().sum() + of_kl * kl(*q).sum()

    found = uncollapse.audit(loss, *(part.double() for part in batch(count, *sizes)))
    assert found.beta == pytest.approx(of_kl / of_errors, rel=1e-3), found.verdict


TENSORS = array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=4).flatmap(
    lambda shape: arrays(np.float32, shape, elements=st.floats(width=32))
)


@LAW
@given(given=st.lists(TENSORS, min_size=4, max_size=4), same=st.booleans(), power=st.integers(-3, 3))
def test_an_audit_of_anything_is_a_verdict_or_one_line(
    given: list[np.ndarray], same: bool, power: int
) -> None:
    output, x, mu, logvar = (torch.from_numpy(part) for part in given)
    if same:
        x, logvar = output + 1, mu - 1

    def loss(output: Tensor, x: Tensor, *q: Tensor) -> Tensor:
        return (output - x).abs().pow(power).sum() + kl(*q).sum()

    try:
        assert uncollapse.audit(loss, output, x, mu, logvar).verdict.isprintable()
    except ValueError as error:
        told(error)
