"""The loop: paired, deterministic, resumable, and it learns; who does not move stays as it is, bit for bit."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from conftest import toy_part, toy_vae
from torch import Tensor

from uncollapse.errors import UserError
from uncollapse.experiment.pieces import resolve
from uncollapse.methods.inference import Inference, Move
from uncollapse.methods.kl_weight import KLWeight
from uncollapse.methods.pretraining.classifier import classifier
from uncollapse.registry import build, names
from uncollapse.train import train
from uncollapse.vae import VAE, encode

BUDGET = {"batch_size": 16, "learning_rate": 0.01, "clip": 5.0}
EVERY_INFERENCE = names("methods/inference")
EVERY_PERTURBATION = names("methods/perturbation")


def piece(slot: str, name: str, **arguments: Any) -> Any:
    offered = {"kl_target": 1.0, "steps": 6, "period": 4, "radius": 0.1, "window": 2, "most": 6}
    return build(f"methods/{slot}", resolve("", f"methods/{slot}", {"use": name, **arguments}, offered))


def order(step: Any) -> Inference:
    """An inference piece that is only a step."""
    return Inference(dict, step, lambda state, mi: state)


def start(
    vae: VAE, kind: str, seed: int = 0, epochs: int = 3, **changes: Any
) -> Iterator[tuple[dict[str, float], Any]]:
    slots = {
        "kl_weight": piece("kl_weight", "pi", kl_target=1.0),
        "divergence": piece("divergence", "kl"),
        "inference": piece("inference", "joint"),
        "perturbation": [],
    }
    return train(
        vae,
        toy_part(kind),
        toy_part(kind, seed=1),
        **{**slots, **BUDGET, "seed": seed, "epochs": epochs, **changes},
    )


def same(a: dict[str, Tensor], b: dict[str, Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def copied(vae: VAE) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in vae.state_dict().items()}


def test_a_row_says_what_happened(kind: str) -> None:
    rows = [row for row, _ in start(toy_vae(kind), kind)]
    assert [row["epoch"] for row in rows] == [1, 2, 3]
    assert [row["step"] for row in rows] == [4, 8, 12]
    assert [(row["encoder_steps"], row["decoder_steps"]) for row in rows] == [(4, 4), (8, 8), (12, 12)]
    for row in rows:
        assert row["elbo"] == pytest.approx(-row["reconstruction"] - row["kl"])
        assert 0 <= row["active_units"] <= 3
    learned = [row["elbo"] for row, _ in start(toy_vae(kind), kind, epochs=40)]
    assert learned[-1] > learned[0] + 0.2


@pytest.mark.parametrize("inference", EVERY_INFERENCE)
@pytest.mark.parametrize("perturbation", EVERY_PERTURBATION)
def test_the_same_seed_is_the_same_run_whatever_else_is_drawn(
    kind: str, inference: str, perturbation: str
) -> None:
    def go(disturb: bool) -> tuple[list[dict[str, float]], dict[str, Tensor]]:
        vae, rows = toy_vae(kind), []
        slots = {
            "inference": piece("inference", inference),
            "perturbation": [piece("perturbation", perturbation)],
        }
        for row, _ in start(vae, kind, **slots):
            rows.append(row)
            if disturb:
                torch.rand(7)
                np.random.default_rng().random()
                encode(vae, toy_part(kind))
        return rows, copied(vae)

    calm, disturbed = go(False), go(True)
    assert calm[0] == disturbed[0]
    assert same(calm[1], disturbed[1])


@pytest.mark.parametrize("stop", [1, 2])
def test_a_run_that_was_stopped_goes_on_to_the_same_end(kind: str, stop: int, tmp_path: Any) -> None:
    whole = toy_vae(kind)
    rows = [row for row, _ in start(whole, kind, epochs=4)]
    for (row, state), _ in zip(start(toy_vae(kind), kind, epochs=4), range(stop), strict=False):
        assert row == rows[int(row["epoch"]) - 1]
        torch.save(state, tmp_path / "state.pt")
    vae = toy_vae(kind, seed=9)
    rest = [
        row
        for row, _ in start(vae, kind, epochs=4, state=torch.load(tmp_path / "state.pt", weights_only=True))
    ]
    assert rest == rows[stop:]
    assert same(copied(vae), copied(whole))


def test_methods_of_one_seed_see_the_same_batches_and_noise() -> None:
    def first_batches(decoder: str, seed: int) -> list[Tensor]:
        seen: list[Tensor] = []

        def step(state: Any, batch: Tensor, move: Move, draw: Any) -> None:
            seen.append(batch.clone())
            move(batch, encoder=True, decoder=True)

        list(start(toy_vae("images", decoder=decoder), "images", seed=seed, epochs=1, inference=order(step)))
        return seen

    plain, skip, other = (first_batches("plain", 0), first_batches("skip", 0), first_batches("plain", 1))
    assert all(torch.equal(a, b) for a, b in zip(plain, skip, strict=True))
    assert not torch.equal(plain[0], other[0])
    assert set(torch.cat(plain).flatten().tolist()) == {0.0, 1.0}, "binarised"


def test_binarisation_is_drawn_anew_for_every_batch() -> None:
    seen: list[Tensor] = []

    def step(state: Any, batch: Tensor, move: Move, draw: Any) -> None:
        seen.append(move(batch, encoder=True, decoder=True))
        seen[-1] = batch.clone()

    list(start(toy_vae("images"), "images", epochs=2, inference=order(step), batch_size=64))
    ones = [batch.flatten(1).sum(1).sort().values for batch in seen]
    assert not torch.equal(ones[0], ones[1])


@pytest.mark.parametrize(("encoder", "decoder"), [(True, False), (False, True)])
def test_who_does_not_move_keeps_parameters_and_optimiser_state(
    kind: str, encoder: bool, decoder: bool
) -> None:
    def step(state: Any, batch: Tensor, move: Move, draw: Any) -> None:
        move(batch, encoder=encoder, decoder=decoder)

    vae = toy_vae(kind)
    before = copied(vae)
    (row, state), *_ = start(vae, kind, inference=order(step))
    moved = {name for name, value in vae.state_dict().items() if not torch.equal(value, before[name])}
    sides = {name: name.startswith(("encoder.", "posterior.")) for name in before}
    assert moved == {name for name, side in sides.items() if side == encoder}
    still = "decoder" if encoder else "encoder"
    assert state["optimizers"][still]["state"] == {}
    assert row[f"{still}_steps"] == 0
    assert row["encoder_steps"] + row["decoder_steps"] == 4


def test_beta_prices_the_kl_in_the_gradient() -> None:
    """With two batches' worth of steps, the same weights come out of a hand-written step with loss = reconstruction + beta kl."""
    price = KLWeight(dict, lambda state, kl: (torch.tensor(0.3), state))
    vae, hand = toy_vae("images"), toy_vae("images")
    batches, noises = [], []

    def step(state: Any, batch: Tensor, move: Move, draw: Any) -> None:
        batches.append(batch.clone())
        move(batch, encoder=True, decoder=True)

    original = torch.randn

    def recording(*shape: Any, **options: Any) -> Tensor:
        noises.append(original(*shape, **options))
        return noises[-1]

    torch.randn = recording
    try:
        list(start(vae, "images", epochs=1, inference=order(step), kl_weight=price, clip=1e9))
    finally:
        torch.randn = original
    optimizer = torch.optim.Adam(hand.parameters(), lr=BUDGET["learning_rate"])
    for x, noise in zip(batches, noises, strict=True):
        q = hand.encode(x)
        z = q.mu + torch.exp(q.logvar / 2) * noise[0]
        loss = -hand.log_likelihood(x, z).mean() + 0.3 * q.kl().sum(1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    for name, value in hand.state_dict().items():
        torch.testing.assert_close(vae.state_dict()[name], value, atol=1e-5, rtol=1e-4)


def test_the_classifier_teaches_the_encoder_and_nothing_else(kind: str) -> None:
    vae, again = toy_vae(kind), toy_vae(kind)
    before = copied(vae)
    run = classifier(epochs=12, batch_size=16, learning_rate=0.01).run
    assert run is not None
    rows = list(run(vae, toy_part(kind), 0))
    assert rows[-1]["accuracy"] > 0.95
    assert rows[-1]["encoder_steps"] == 12 * 4
    assert list(run(again, toy_part(kind), 0)) == rows
    assert same(copied(again), copied(vae))
    changed = {name for name, value in vae.state_dict().items() if not torch.equal(value, before[name])}
    assert changed == {name for name in before if name.startswith("encoder.")}


def test_the_classifier_needs_labels() -> None:
    run = classifier().run
    assert run is not None
    with pytest.raises(UserError, match="no labels"):
        next(run(toy_vae("images"), type(toy_part("images"))(toy_part("images").x), 0))


def test_encoder_weights_travel_from_one_vae_to_another(kind: str) -> None:
    giver, taker = toy_vae(kind, seed=1), toy_vae(kind, seed=2, decoder="skip")
    decoder = {
        name: value.clone() for name, value in taker.state_dict().items() if name.startswith("decoder.")
    }
    taker.load_encoder(giver.encoder_state())
    assert same(taker.encoder_state(), giver.encoder_state())
    assert all(torch.equal(taker.state_dict()[name], value) for name, value in decoder.items())
