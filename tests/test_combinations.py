"""Every model with every method of params.yaml, and every two methods that fill different slots, on toy images and toy text."""

import itertools
import math
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import toy_part, toy_vae
from test_train import BUDGET

from uncollapse.experiment.params import Params
from uncollapse.methods import SLOTS
from uncollapse.registry import build
from uncollapse.train import train

PARAMS = Params(Path(__file__).parent.parent / "params.yaml")
MODELS, METHODS = list(PARAMS.entries["models"]), list(PARAMS.entries["methods"])
DATA = {"images": "mnist5k", "tokens": "kjv"}
PAIRS = [
    (a, b)
    for a, b in itertools.combinations(METHODS, 2)
    if PARAMS.entries["methods"][a] and PARAMS.entries["methods"][b]
    and not PARAMS.entries["methods"][a].keys() & PARAMS.entries["methods"][b].keys()
]  # fmt: skip
NO_EFFECT = {("images", "word_dropout")}  # an MLP decoder reads nothing


@cache
def trained(kind: str, model: str, *methods: str) -> tuple[list[dict[str, float]], dict[str, torch.Tensor]]:
    """Two epochs; the rows and the weights at the end."""
    slots: dict[str, Any] = {**SLOTS["methods"], **PARAMS.slots("models", model, DATA[kind])}
    for method in methods:
        filled = PARAMS.slots("methods", method, DATA[kind])
        slots |= {slot: filled[slot] for slot in PARAMS.entries["methods"][method]}
    if "aggressive" in str(methods):
        slots["inference"] = {**slots["inference"], "window": 2, "most": 6}
    vae = toy_vae(kind, decoder=slots["decoder"]["use"], posterior=slots["posterior"]["use"])
    data, spent = toy_part(kind), (0, 0)
    pretraining = build("methods/pretraining", slots["pretraining"])
    if pretraining.run is not None:
        *_, last = pretraining.run(vae, toy_part(kind, seed=2), 0)
        spent = (int(last["encoder_steps"]), int(last["decoder_steps"]))
    pieces = {
        slot: build(f"methods/{slot}", slots[slot]) for slot in ("kl_weight", "divergence", "inference")
    }
    pieces["perturbation"] = [build("methods/perturbation", part) for part in slots["perturbation"]]
    rows = [row for row, _ in train(vae, data, data, **pieces, **BUDGET, epochs=2, seed=0, spent=spent)]
    assert all(math.isfinite(value) for row in rows for value in row.values())
    assert all(torch.isfinite(value).all() for value in vae.state_dict().values())
    return rows, vae.state_dict()


@pytest.fixture(scope="module")
def plain() -> dict[tuple[str, str], list[dict[str, float]]]:
    return {(kind, model): trained(kind, model, "plain")[0] for kind in DATA for model in MODELS}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("model", MODELS)
def test_every_model_trains_with_every_method(
    kind: str, model: str, method: str, plain: dict[tuple[str, str], list[dict[str, float]]]
) -> None:
    rows, _ = trained(kind, model, method)
    if method == "plain":
        assert (rows != plain[kind, "vae"]) == (model != "vae")
    else:
        assert (rows != plain[kind, model]) == ((kind, method) not in NO_EFFECT)
        if (
            "aggressive" in method
            or "pretrained" in method
            or "adversarial" in method
            or method == "autoencoder"
        ):
            assert rows[-1]["encoder_steps"] > plain[kind, model][-1]["encoder_steps"], "its cost is counted"


@pytest.mark.parametrize("methods", PAIRS, ids="+".join)
def test_every_two_methods_in_different_slots_train_together(kind: str, methods: tuple[str, str]) -> None:
    both, (one, other) = (
        trained(kind, "vae", *methods)[0],
        [trained(kind, "vae", method)[0] for method in methods],
    )
    assert (both != one) == ((kind, methods[1]) not in NO_EFFECT)
    assert (both != other) == ((kind, methods[0]) not in NO_EFFECT)
