"""Data as people hand them over for a prediction or a suggestion: an answer, or one line."""

from typing import Any

import numpy as np
import pytest
import torch
from scipy.sparse import csr_array
from torch.utils.data import DataLoader, TensorDataset

import uncollapse

REAL = torch.randn(60, 1, 4, 4, generator=torch.Generator().manual_seed(0))
DATASET = TensorDataset(REAL, torch.zeros(60))

REFUSED: dict[str, Any] = {
    r"x: is a DataLoader; pass its examples, torch.cat\(\[batch\[0\] for batch in loader\]\)": DataLoader(
        DATASET, batch_size=20
    ),
    r"x: is a TensorDataset; pass its examples, torch.stack\(": DATASET,
    "x: is of uint8, and a variance is in squares of the unit that your loss compares; .* x / 255": (
        (REAL.abs() * 50).byte()
    ),
    "x: is of int64; for tokens, counts or bits ask uncollapse.suggest": torch.randint(0, 9000, (60, 20)),
    "x: is of bool; for tokens, counts or bits": REAL > 0,
    r"x: its examples should have one shape, not \(3,\) and \(4,\)": [np.zeros(3), np.zeros(4)],
    r"x: a list of arrays \(20, 1, 4, 4\) may hold examples or batches": list(REAL.split(20)),
    r"x: a list of arrays \(25, 1, 4, 4\) may hold examples or batches": list(REAL.split(25)),
    "x: is a dictionary; pass the array of one of its keys: pixels, label": {"pixels": REAL, "label": 0},
    "x: should be an array of real numbers, not of": (row for row in REAL),
    r"x: should have the shape \(examples, ...\), with two examples or more, not \(0,\)": [],
    r"x: should have the shape \(examples, ...\), with two examples or more, not \(1, 3\)": np.zeros((1, 3)),
    "x: should be an array of real numbers, not of <U3": "abc",
    "x: should be an array of real numbers, not of object": None,
    "x: an example cannot be read as an array: setting an array element": [
        [[0.0], [0.0, 1.0]],
        [[0.0], [1.0]],
    ],
}


@pytest.mark.parametrize("line", REFUSED)
def test_what_has_no_answer_is_refused_in_one_line(line: str) -> None:
    calls = (
        lambda: uncollapse.predict(REFUSED[line], variance=1.0),
        lambda: uncollapse.suggest(REFUSED[line], latents=2),
    )
    for call in calls:
        with pytest.raises(ValueError, match=line) as refusal:
            call()
        assert "\n" not in str(refusal.value)


def test_the_same_data_have_the_same_prediction_however_they_are_handed_over() -> None:
    same: list[Any] = [
        REAL,
        REAL.numpy(),
        REAL.double(),
        REAL.flatten(1),
        list(REAL.flatten(1)),
        REAL.flatten(1).tolist(),
        REAL.clone().requires_grad_(),
        np.asfortranarray(REAL.numpy()),
        csr_array(REAL.flatten(1).numpy()),
    ]
    kls = [uncollapse.predict(x, variance=np.float32(0.125)).kl for x in same]
    variances = [uncollapse.suggest(x, latents=3).variance for x in same]
    for kl, variance in zip(kls, variances, strict=True):
        assert kl == pytest.approx(kls[0])
        assert variance == pytest.approx(variances[0])


X = np.random.default_rng(0).random((50, 6))
MISTAKES: dict[str, dict[str, Any]] = {
    "likelihood: should be one of 'gaussian', .*'categorical', not 'laplace'": {"likelihood": "laplace"},
    "likelihood: should be one of .*; for another one take the nearest": {"likelihood": len},
    "latents: should be a whole number, 1 or more, not 0": {"latents": 0},
    "latents: should be a whole number, 1 or more, not True": {"latents": True},
    "latents: should be a whole number, 1 or more, not 2.0": {"latents": 2.0},
    "x: 300 of 300 values are NaN or infinite": {"x": X * np.inf},
    "x: all examples are alike": {"x": np.full((50, 6), 0.1)},
    "x: should be between 0 and 1 for likelihood='bernoulli', not from": {
        "x": 255 * X,
        "likelihood": "bernoulli",
    },
    "x: should be counts, whole numbers of 0 or more, for likelihood='poisson'": {"likelihood": "poisson"},
    "x: should be counts, whole numbers of 0 or more, for likelihood='multinomial'": {
        "x": -np.round(9 * X),
        "likelihood": "multinomial",
    },
    "x: should be tokens, whole numbers, for likelihood='categorical'": {"likelihood": "categorical"},
    "x: seems to be one-hot vectors, 4 ones in every example; pass x.argmax": {
        "x": np.eye(5)[np.random.default_rng(0).integers(0, 5, (50, 4))],
        "likelihood": "categorical",
    },
    r"mask: should have the shape of x, \(50, 6\), not \(50,\)": {"mask": np.ones(50)},
    "mask: no value of x counts": {"mask": np.zeros((50, 6))},
}


@pytest.mark.parametrize("line", MISTAKES)
def test_a_mistake_is_one_line_that_names_the_argument(line: str) -> None:
    given = {"x": X, "latents": 2, **MISTAKES[line]}
    with pytest.raises(ValueError, match=line):
        uncollapse.suggest(given.pop("x"), **given)
