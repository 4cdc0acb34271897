"""Every model with every method of params.yaml, and every two methods that fill different slots, on toy
images and toy text.

Each run is interrupted and resumed to the same bits, and what each of its pieces does is to be seen in
it: the paths of skip connections, the steps of aggressive training, of adversaries and of pretraining,
the bound of batch normalisation.
"""

import copy
import itertools
from functools import cache
from typing import Any, NamedTuple

import pytest
import torch
from all_entries import DATA, ENTRIES, METHODS, MODELS, PARAMS
from toys import same, toy_part, toy_vae, training

from uncollapse.compute.work import Work
from uncollapse.methods import Method
from uncollapse.registry import SLOTS, default_entries, list_names
from uncollapse.training.loop import learn, train

SINGLE = [name for name in METHODS if len(ENTRIES[name]) == 1]  # the others combine these
PAIRS = [(a, b) for a, b in itertools.combinations(SINGLE, 2) if not ENTRIES[a].keys() & ENTRIES[b].keys()]
OF_MODELS = PARAMS.stated.models
PAIRS_OF_MODELS = [
    (a, b) for a, b in itertools.combinations(OF_MODELS, 2) if not OF_MODELS[a].keys() & OF_MODELS[b].keys()
]
# an MLP decoder reads no words; here nothing is reserved
NO_EFFECT = {("images", "word_dropout"), ("images", "no_reserve"), ("tokens", "no_reserve")}
EPOCHS, BATCHES = 2, 1


class Run(NamedTuple):
    """Slots, the steps of pretraining, rows, and weights at the end, also of a run that was interrupted
    after the first epoch."""

    slots: dict[str, Any]
    pretraining: tuple[int, int]
    rows: list[dict[str, float]]
    weights: dict[str, torch.Tensor]
    resumed: dict[str, torch.Tensor]


@cache
def trained(kind: str, model: str, *methods: str) -> Run:
    """Two epochs of a model, or of several as model+model, with one method or several."""
    slots: dict[str, Any] = {**default_entries("methods"), **PARAMS.slots("models", "vae", DATA[kind])}
    for name in model.split("+"):
        slots |= {slot: PARAMS.slots("models", name, DATA[kind])[slot] for slot in OF_MODELS[name]}
    for name in methods:
        slots |= {slot: PARAMS.slots("methods", name, DATA[kind])[slot] for slot in ENTRIES[name]}
    if slots["inference"]["use"] == "aggressive":
        slots["inference"] |= {"window": 2, "most": 6}
    method, data, spent = Method.build(slots), toy_part(kind), Work()
    uses = {slot: slots[slot]["use"] for slot in ("decoder", "posterior", "inference")}
    vae = toy_vae(kind, **uses)
    if method.pretraining.run is not None:
        *_, (last, _) = method.pretraining.run(vae, toy_part(kind, seed=2), 0, None, learn)
        spent = Work(int(last["encoder_steps"]), int(last["decoder_steps"]), last["gflops"])
    steps = (spent.encoder_steps, spent.decoder_steps)
    rows, saved = [], []
    for row, state in train(
        vae, data, data, method, training(epochs=EPOCHS, batch_size=64 // BATCHES), 0, work=spent
    ):
        rows.append(row)
        saved.append(copy.deepcopy(state.state_dict()))
    other = toy_vae(kind, 9, **uses)
    rest = [
        row
        for row, _ in train(
            other, data, data, method, training(epochs=EPOCHS, batch_size=64 // BATCHES), 0, saved=saved[0]
        )
    ]
    assert rest == rows[1:]
    return Run(slots, steps, rows, vae.state_dict(), other.state_dict())


def check(run: Run) -> None:
    """What the pieces of a run do is to be seen in it."""
    assert same(run.weights, run.resumed)
    assert all(torch.isfinite(weights).all() for weights in run.weights.values())
    slots = run.slots
    assert any(".path." in name for name in run.weights) == (slots["decoder"]["use"] == "skip")
    pretraining = slots["pretraining"]
    if "epochs" in pretraining:
        assert run.pretraining[0] == pretraining["epochs"] * (64 // pretraining["batch_size"])
    gradients = sum(piece["steps"] + 1 for piece in slots["perturbation"] if piece["use"] == "adversarial")
    for row in run.rows:
        encoder, decoder = (
            int(row[f"{name}_steps"]) - before
            for name, before in zip(("encoder", "decoder"), run.pretraining, strict=True)
        )
        batches = BATCHES * int(row["epoch"])
        extra = encoder - decoder  # steps of the encoder alone, less those of the decoder alone
        if slots["inference"]["use"] == "aggressive":
            assert extra > 0
            assert decoder == batches + gradients * (2 * batches + extra), "an adversary's gradients count"
        else:
            assert encoder == decoder == batches * (1 + gradients)
        if slots["inference"]["use"] == "semi_amortized":
            continue  # which may leave the bounds of a head
        if slots["posterior"]["use"] == "batch_norm":
            assert row["kl"] >= 3 * slots["posterior"]["gamma"] ** 2 / 2 * (1 - 1e-4)
        if slots["posterior"]["use"] == "delta":
            assert row["kl"] >= 3 * slots["posterior"]["delta"] * (1 - 1e-4)
        if slots["posterior"]["use"] == "prior":
            assert row["kl"] == row["valid_kl"] == 0
        if slots["kl_weight"]["use"] == "constant":
            assert row["beta"] == pytest.approx(slots["kl_weight"]["beta"])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("model", MODELS)
def test_every_model_with_every_method(kind: str, model: str, method: str) -> None:
    run = trained(kind, model, method)
    check(run)
    if method == "plain":
        assert (run.rows != trained(kind, "vae", "plain").rows) == (model != "vae")
    else:
        assert (run.rows != trained(kind, model, "plain").rows) == ((kind, method) not in NO_EFFECT)


@pytest.mark.parametrize("methods", PAIRS, ids="+".join)
def test_every_two_methods_in_different_slots(kind: str, methods: tuple[str, str]) -> None:
    both = trained(kind, "vae", *methods)
    check(both)
    for method, other in (methods, methods[::-1]):
        unread = (method, other) == ("noise", "without_z")  # only the encoder gets it
        effect = (kind, method) not in NO_EFFECT and not unread
        assert (both.rows != trained(kind, "vae", other).rows) == effect


@pytest.mark.parametrize("models", PAIRS_OF_MODELS, ids="+".join)
def test_every_two_models_in_different_slots(kind: str, models: tuple[str, str]) -> None:
    check(trained(kind, "+".join(models), "plain"))


@pytest.mark.parametrize("slot", default_entries("models", "methods"))
def test_every_piece_is_in_an_entry(slot: str) -> None:
    """So it is among the models, methods and pairs above."""
    entries = [*OF_MODELS.values(), *ENTRIES.values(), default_entries("models", "methods")]
    pieces = [entry[slot] for entry in entries if slot in entry]
    used = {piece["use"] for part in pieces for piece in (part if isinstance(part, list) else [part])}
    assert used == set(list_names(SLOTS[slot].folder)) - {"clean"}, "clean does what an empty list does"
