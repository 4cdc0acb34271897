"""Whatever is handed over, there is a diagnosis or one line, and never an error of another kind."""

import random
from collections import namedtuple
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas
import pytest
import torch
from torch import distributions

import uncollapse

FORMS = 40  # For each seed.
Pair = namedtuple("Pair", "mu logvar")


def make_array(dice: random.Random, shape: tuple[int, ...]) -> Any:
    """Draw an array of some library and type, or something that is none."""
    values = np.random.default_rng(dice.randrange(1000)).normal(size=shape)
    makers = [
        lambda: values,
        lambda: torch.from_numpy(values),
        lambda: torch.from_numpy(values).to(dice.choice([torch.bfloat16, torch.float16, torch.int8])),
        lambda: values.astype(dice.choice(["f2", "f4", "i4", "u1", "bool", "complex64", "object", "U3"])),
        lambda: values.tolist(),
        lambda: pandas.DataFrame(values.reshape(-1, 3) if values.size % 3 == 0 else [values.ravel()]),
        lambda: list(torch.from_numpy(np.atleast_1d(values))),
        lambda: torch.from_numpy(np.atleast_1d(values)).split(11),
        lambda: np.ma.masked_greater(values, 1),
        lambda: np.where(values > 2, np.nan, values),
        lambda: dice.choice(
            [None, 0, 1.5, "mu", b"", [], {}, (), object(), float, iter([values]), {1}, [[[]]]]
        ),
    ]
    return dice.choice(makers[:2] if dice.random() < 0.5 else makers)()


def make_form(dice: random.Random) -> dict[str, Any]:
    """Draw arguments of `diagnose`, sensible or not."""
    shape = dice.choice([(30, 3), (30, 3), (30, 4, 3), (30, 2, 3, 2), (3, 30), (30,), (0, 3), (1, 3), ()])
    other = dice.choice([shape, shape, shape, shape[1:], (*shape[:1], 1), (*shape, 1), (2, 2)])
    mu, spread = make_array(dice, shape), make_array(dice, other)
    whole = torch.randn(30, 3), torch.rand(30, 3) + 0.1
    wrap = dice.choice(
        [
            lambda: {"mu": mu, dice.choice(["logvar", "var", "std"]): spread},
            lambda: {"mu": mu, "logvar": spread},
            lambda: {"mu": dice.choice([(mu, spread), [mu, spread], Pair(mu, spread), [(mu, spread)] * 3])},
            lambda: {"mu": {dice.choice(["mu", "loc", "x"]): mu, dice.choice(["std", "cov", "y"]): spread}},
            lambda: {"mu": SimpleNamespace(mean=mu, std=spread)},
            lambda: {"mu": dice.choice([distributions.Normal, distributions.Laplace])(*whole)},
            lambda: {"levels": dice.choice([[(mu, spread), whole], mu, [mu], [whole, whole]])},
        ]
    )()
    extras = {
        "prior": lambda: dice.choice([(mu, spread), mu, whole, len, torch.sum, [None], "p", {"mu": spread}]),
        "axis": lambda: dice.choice([0, 1, -1, 2, 9, "a", 1.5, None, True]),
        "mask": lambda: dice.choice([spread, np.ones(shape[:2], bool), torch.zeros(30), "m"]),
        "labels": lambda: dice.choice([np.arange(30) % 2, spread, "l"]),
        "delta": lambda: dice.choice([0.0, 0.5]),
    }
    for name, make in extras.items():
        if dice.random() < 0.15:
            wrap[name] = make()
    return wrap


@pytest.mark.parametrize("seed", range(10))
def test_every_form_ends_in_a_diagnosis_or_in_one_line(seed: int) -> None:
    dice = random.Random(seed)
    told = [tell(make_form(dice)) for _ in range(FORMS)]
    assert all(line.strip() and "\n" not in line for line in told)
    refused = sum(line.startswith("refused: ") for line in told)
    assert 0 < refused < FORMS
    assert "refused: " not in told


def tell(form: dict[str, Any]) -> str:
    """Return the verdict, or why there is none."""
    try:
        return uncollapse.diagnose(**form).verdict
    except ValueError as error:
        return f"refused: {error}"
