"""The loop: paired, deterministic, resumable, and it learns; what is not updated stays as it is, bit for
bit."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from toys import copied, piece, rows_of, run, same, toy_part, toy_vae, training

from uncollapse.methods.inference import DrawBatch, Inference, StepFunction, StepResult
from uncollapse.methods.kl_weight import KLWeight
from uncollapse.registry import list_names
from uncollapse.vae import VAE, encode_part


def order(step: Any) -> Inference:
    """An inference piece that is only a step."""
    return Inference(dict, step, lambda state, mi: state)


def test_a_row_says_what_happened(kind: str) -> None:
    rows = rows_of(toy_vae(kind), kind)
    assert [row["epoch"] for row in rows] == [1, 2, 3]
    assert [row["step"] for row in rows] == [4, 8, 12]
    assert [(row["encoder_steps"], row["decoder_steps"]) for row in rows] == [(4, 4), (8, 8), (12, 12)]
    for row in rows:
        assert row["elbo"] == pytest.approx(-row["reconstruction"] - row["kl"])
        assert 0 <= row["active_units"] <= 3
    learned = rows_of(toy_vae(kind), kind, {"kl_weight": "constant"}, epochs=40)
    assert learned[-1]["elbo"] > learned[0]["elbo"] + 0.2


@pytest.mark.parametrize("inference", list_names("methods/inference"))
@pytest.mark.parametrize("perturbation", list_names("methods/perturbation"))
def test_the_same_seed_is_the_same_run_whatever_else_is_drawn(
    kind: str, inference: str, perturbation: str
) -> None:
    def trained(disturb: bool) -> tuple[list[dict[str, float]], dict[str, Tensor]]:
        vae, rows = toy_vae(kind), []
        pieces = {"inference": inference, "perturbation": [piece("perturbation", perturbation)]}
        for row, _ in run(vae, kind, pieces, epochs=2):
            rows.append(row)
            if disturb:
                torch.rand(7)
                np.random.default_rng().random()
                encode_part(vae, toy_part(kind))
        return rows, copied(vae)

    calm, disturbed = trained(False), trained(True)
    assert calm[0] == disturbed[0]
    assert same(calm[1], disturbed[1])


@pytest.mark.parametrize(("optimizer", "momentum"), [("adam", 0.0), ("sgd", 0.0), ("sgd", 0.9)])
@pytest.mark.parametrize("stop", [1, 2])
def test_a_run_that_was_stopped_goes_on_to_the_same_end(
    kind: str, stop: int, optimizer: str, momentum: float, tmp_path: Any
) -> None:
    whole, budget = toy_vae(kind), {"epochs": 4, "optimizer": optimizer, "momentum": momentum}
    rows = rows_of(whole, kind, **budget)
    for (row, state), _ in zip(run(toy_vae(kind), kind, **budget), range(stop), strict=False):
        assert row == rows[int(row["epoch"]) - 1]
        torch.save(state.state_dict(), tmp_path / "state.pt")
    vae = toy_vae(kind, seed=9)
    saved = torch.load(tmp_path / "state.pt", weights_only=True)
    assert rows_of(vae, kind, saved=saved, **budget) == rows[stop:]
    assert same(copied(vae), copied(whole))


def test_methods_of_one_seed_see_the_same_batches_and_noise() -> None:
    def first_batches(decoder: str, seed: int) -> list[Tensor]:
        batches: list[Tensor] = []

        def step(state: Any, x: Tensor, gradient_step: StepFunction, draw: DrawBatch) -> StepResult:
            batches.append(x.clone())
            return gradient_step(x)

        rows_of(toy_vae("images", decoder=decoder), "images", {"inference": order(step)}, seed=seed, epochs=1)
        return batches

    plain, skip, other = (first_batches("plain", 0), first_batches("skip", 0), first_batches("plain", 1))
    assert all(torch.equal(a, b) for a, b in zip(plain, skip, strict=True))
    assert not torch.equal(plain[0], other[0])
    assert set(torch.cat(plain).flatten().tolist()) == {0.0, 1.0}, "binarised"


def test_binarisation_is_drawn_anew_for_every_batch() -> None:
    batches: list[Tensor] = []

    def step(state: Any, x: Tensor, gradient_step: StepFunction, draw: DrawBatch) -> StepResult:
        batches.append(x.clone())
        return gradient_step(x)

    rows_of(toy_vae("images"), "images", {"inference": order(step)}, epochs=2, batch_size=64)
    ones = [batch.flatten(1).sum(1).sort().values for batch in batches]
    assert not torch.equal(ones[0], ones[1])


@pytest.mark.parametrize(("encoder", "decoder"), [(True, False), (False, True)])
def test_what_is_not_updated_keeps_parameters_and_optimiser_state(
    kind: str, encoder: bool, decoder: bool
) -> None:
    def step(state: Any, x: Tensor, gradient_step: StepFunction, draw: DrawBatch) -> StepResult:
        return gradient_step(x, encoder=encoder, decoder=decoder)

    vae = toy_vae(kind)
    before = copied(vae)
    (row, state), *_ = run(vae, kind, {"inference": order(step)})
    changed = {name for name, value in vae.state_dict().items() if not torch.equal(value, before[name])}
    of_encoder = {name: name.startswith(("encoder.", "posterior.")) for name in before}
    assert changed == {name for name, side in of_encoder.items() if side == encoder}
    other = "decoder" if encoder else "encoder"
    assert state.optimizers[other].count == 0
    assert not any(moment.any() for moments in state.optimizers[other].moments for moment in moments)
    assert row[f"{other}_steps"] == 0
    assert row["encoder_steps"] + row["decoder_steps"] == 4


def by_hand(vae: VAE, pieces: dict[str, Any], optimizer: str) -> tuple[list[Tensor], list[Tensor]]:
    """Train `vae` for an epoch with `pieces`; the batches and the noise (2, B, D) of each step."""
    batches, noises, original = [], [], torch.randn

    def step(state: Any, x: Tensor, gradient_step: StepFunction, draw: DrawBatch) -> StepResult:
        batches.append(x.clone())
        return gradient_step(x)

    def recording(*shape: Any, **options: Any) -> Tensor:
        noises.append(original(*shape, **options))
        return noises[-1]

    torch.randn = recording
    try:
        rows_of(vae, "images", {"inference": order(step), **pieces}, epochs=1, clip=1e9, optimizer=optimizer)
    finally:
        torch.randn = original
    return batches, noises[: len(batches)]  # those behind are of the validation data


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_a_step_is_the_gradient_step_of_the_loss(optimizer: str) -> None:
    """The same weights as hand-written steps on reconstruction + beta kl + penalty, where beta depends on
    the reconstruction and the penalty on all that it is given."""
    vae, hand = toy_vae("images"), toy_vae("images")

    def update(state: Any, kl: Tensor, reconstruction: Tensor) -> tuple[Tensor, Any]:
        assert not kl.requires_grad
        assert not reconstruction.requires_grad
        return reconstruction.mean() / 50, state

    def penalty(vae: VAE, x: Tensor, q: Any, z: Tensor, noise: Tensor) -> Tensor:
        return q.mu.square().mean() + 0.1 * (z - noise).square().mean() + vae.output(z, x).square().mean()

    pieces = {
        "kl_weight": KLWeight(dict, update),
        "divergence": piece("divergence", "kl")._replace(penalty=penalty),
    }
    batches, noises = by_hand(vae, pieces, optimizer)
    make = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}[optimizer]
    groups = make(hand.parameters(), lr=training().learning_rate)
    for x, noise in zip(batches, noises, strict=True):
        q = hand.encode(x)
        z = q.mu + torch.exp(q.logvar / 2) * noise[0]
        reconstruction = -hand.log_likelihood(x, z)
        beta = reconstruction.detach().mean() / 50
        loss = (reconstruction + beta * q.kl().sum(1)).mean() + penalty(hand, x, q, z, noise[1])
        groups.zero_grad()
        loss.backward()
        groups.step()
    for name, value in hand.state_dict().items():
        torch.testing.assert_close(vae.state_dict()[name], value, atol=1e-5, rtol=1e-4)
