"""Whatever is handed over as codes, sizes, probabilities or priors ends in a verdict or in one line."""

import itertools
from typing import Any

import numpy as np
import pytest
import torch
from torch import distributions

import uncollapse

GENERATOR = torch.Generator().manual_seed(0)
SIMPLEX = torch.rand(20, 2, 4, generator=GENERATOR).softmax(-1)
HANDED_OVER: list[Any] = [
    None,
    3,
    -1,
    2.5,
    True,
    "a",
    [],
    {"a": 1},
    [1, 2],
    [[1, 2], [3]],
    np.array(3),
    np.zeros((0, 3)),
    np.zeros((3, 0)),
    np.zeros((5, 3)),
    torch.randint(0, 3, (20, 3), generator=GENERATOR),
    SIMPLEX,
    SIMPLEX[:, 0],
    [SIMPLEX[:5], SIMPLEX[5:]],
    [SIMPLEX[:5], SIMPLEX[5:, :1]],
    [SIMPLEX, None],
    distributions.Categorical(SIMPLEX),
    distributions.Normal(torch.zeros(20, 4), 1.0),
    distributions.Dirichlet(SIMPLEX),
    np.full((4, 2), np.nan),
    np.array([None, 1]),
    torch.eye(4).long(),
    [4, "a"],
    iter([1]),
    abs,
    2**70,
    np.array([2**63 - 1] * 4),
    np.ones((2, 2), complex),
    torch.zeros(3, 4).to_sparse(),
]


@pytest.mark.parametrize(("one", "other"), [("codes", "size"), ("probabilities", "prior"), ("mu", "codes")])
def test_anything_ends_in_a_verdict_or_in_one_line(one: str, other: str) -> None:
    answered = 0
    for first, second in itertools.product(HANDED_OVER, HANDED_OVER):
        try:
            found = uncollapse.diagnose(**{one: first, other: second})
        except ValueError as refused:
            line = str(refused)
            assert line, (first, second)
            assert "\n" not in line, line
            continue
        for each in found if isinstance(found, list) else [found]:
            assert each.verdict
            assert each.as_dict()["verdict"] == each.verdict
            answered += 1
    assert answered >= 2
