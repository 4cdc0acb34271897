"""Every sensible way to hand over x, z, the loss and the prior gives the same numbers."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
import torch
from linear_model import make_model
from scipy import sparse
from torch import Tensor
from torch.distributions import Normal

import uncollapse

MODEL = make_model(4, 2)
X, Z = MODEL.draw(300, 3)
FOUND = uncollapse.reads(MODEL.nll, X, Z)


def with_numpy(x: Any, z: Any) -> np.ndarray:
    return MODEL.nll(torch.tensor(np.asarray(x)), torch.tensor(np.asarray(z))).numpy()


class Pair(NamedTuple):
    """An image and its condition."""

    image: Tensor
    condition: Tensor


class Foreign:
    """What another library returns: no tensor, but NumPy can read it."""

    def __init__(self, values: np.ndarray) -> None:
        self.values = values

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return self.values.astype(dtype or self.values.dtype)


def test_numpy_in_and_out_gives_the_same_numbers() -> None:
    assert uncollapse.reads(with_numpy, X.numpy(), Z.numpy()) == FOUND
    foreign = uncollapse.reads(lambda x, z: Foreign(with_numpy(x, z)), X.numpy(), Z.numpy())
    assert foreign == FOUND
    assert uncollapse.reads(lambda x, z: with_numpy(x, z).tolist(), X.numpy(), Z.numpy()) == FOUND
    assert uncollapse.reads(lambda x, z: with_numpy(x, z)[:, None], X, Z) == FOUND, "(N, 1) is (N,)"


def test_pandas_and_lists_of_examples_give_the_same_numbers() -> None:
    frame = uncollapse.reads(with_numpy, pd.DataFrame(X.numpy()), Z.numpy())
    assert frame == FOUND
    words = [f"sentence {i}" for i in range(len(X))]
    told = uncollapse.reads(lambda x, z: MODEL.nll(X[[int(w.split()[1]) for w in x]], z), words, Z)
    assert told == FOUND
    ragged = [torch.full((1 + i % 3,), float(i)) for i in range(len(X))]
    assert uncollapse.reads(lambda x, z: MODEL.nll(X[[int(r[0]) for r in x]], z), ragged, Z) == FOUND
    assert uncollapse.reads(MODEL.nll, list(X), list(Z)) == FOUND, "a list of examples"


def test_sparse_counts_stay_sparse() -> None:
    counts = (X > 0) * X.round()

    def nll(x: Any, z: Tensor) -> Tensor:
        assert not isinstance(x, Tensor) or x.is_sparse
        return MODEL.nll(x.to_dense() if isinstance(x, Tensor) else torch.tensor(x.toarray()), z)

    found = uncollapse.reads(MODEL.nll, counts, Z)
    for given in (counts.to_sparse(), sparse.csr_matrix(counts.numpy()), sparse.coo_matrix(counts.numpy())):
        assert uncollapse.reads(nll, given, Z) == found
    assert uncollapse.reads(MODEL.nll, counts, Z.to_sparse()) == found


def test_a_list_of_batches_is_joined() -> None:
    assert uncollapse.reads(MODEL.nll, list(X.split(64)), list(Z.split(64))) == FOUND
    assert uncollapse.reads(MODEL.nll, X, list(Z.split(50))) == FOUND
    pairs = list(zip(X.split(64), X.split(64), strict=True))
    assert uncollapse.reads(lambda x, z: MODEL.nll(x[1], z), pairs, list(Z.split(64))) == FOUND


@pytest.mark.parametrize(
    "x",
    [(X, X + 1), [X, X + 1], Pair(X, X + 1), {"image": X, "condition": X + 1}],
    ids=lambda x: type(x).__name__,
)
def test_several_inputs_are_cut_together(x: Any) -> None:
    def nll(x: Any, z: Tensor) -> Tensor:
        image, condition = x.values() if isinstance(x, dict) else x
        assert torch.equal(image + 1, condition)
        assert not isinstance(x, tuple) or not hasattr(x, "_fields") or x.image is image
        return MODEL.nll(image, z)

    assert uncollapse.reads(nll, x, Z) == FOUND


@pytest.mark.parametrize("size", [1, 7, 299, 300, 10_000])
def test_the_size_of_a_batch_changes_nothing_but_the_last_digits(size: int) -> None:
    seen = []

    def nll(x: Tensor, z: Tensor) -> Tensor:
        seen.append(len(x))
        assert not torch.is_grad_enabled()
        return MODEL.nll(x, z)

    found = uncollapse.reads(nll, X, Z, size=size)
    assert found.as_dict().keys() == FOUND.as_dict().keys()
    assert (found.own, found.other, found.prior) == pytest.approx(
        (FOUND.own, FOUND.other, FOUND.prior), rel=1e-4
    )
    assert max(seen) <= size


def test_a_loss_with_gradients_and_other_precisions() -> None:
    weight = MODEL.weight.clone().requires_grad_()

    def nll(x: Tensor, z: Tensor) -> Tensor:
        with torch.enable_grad():
            return MODEL._replace(weight=weight).nll(x, z)

    assert uncollapse.reads(nll, X, Z.clone().requires_grad_()) == FOUND
    half = uncollapse.reads(lambda x, z: MODEL.nll(x, z.float()).bfloat16(), X, Z.bfloat16())
    assert half.other == pytest.approx(FOUND.other, rel=0.05)
    double = uncollapse.reads(lambda x, z: MODEL.nll(x, z.float()), X, Z.double())
    assert double.prior == pytest.approx(FOUND.prior)


def test_levels_keep_together_and_have_no_prior_of_their_own_accord() -> None:
    levels = {"low": Z[:, :1], "high": Z[:, 1:]}
    by_name = uncollapse.reads(lambda x, z: MODEL.nll(x, torch.cat([z["low"], z["high"]], 1)), X, levels)
    in_row = uncollapse.reads(lambda x, z: MODEL.nll(x, torch.cat(z, 1)), X, tuple(levels.values()))
    listed = uncollapse.reads(lambda x, z: MODEL.nll(x, torch.cat(z, 1)), X, list(levels.values()))
    assert by_name == in_row == listed
    assert by_name.other == FOUND.other
    assert by_name.prior is None
    assert "no z of the prior was tried: the prior of several levels" in by_name.verdict
    for prior in (
        (Normal(0, 1), Normal(0, 1)),
        [torch.randn(300, 1), torch.randn(300, 1)],
        lambda n: (torch.randn(n, 1), torch.randn(n, 1)),
        ((torch.zeros(1), torch.zeros(1)), torch.randn(300, 1)),
    ):
        found = uncollapse.reads(
            lambda x, z: MODEL.nll(x, torch.cat(z, 1)), X, tuple(levels.values()), prior=prior
        )
        assert found.prior == pytest.approx(MODEL.exact()[2], abs=0.5)
