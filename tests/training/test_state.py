"""The validation ELBO, and training that stops when it no longer rises."""

from typing import Any

import numpy as np
import pytest
import torch
from toys import copied, method, piece, rows_of, run, same, toy_part, toy_vae, training

from uncollapse.compute.work import Work
from uncollapse.data.part import to_tensor
from uncollapse.measures.history import find_settled_epoch
from uncollapse.methods.kl_weight import KLWeight
from uncollapse.seeds import torch_generator
from uncollapse.training.objective import measure_elbo
from uncollapse.training.state import TrainState
from uncollapse.vae import encode_part


def test_the_validation_elbo_is_minus_the_loss_of_the_vae(kind: str) -> None:
    vae, valid = toy_vae(kind), toy_part(kind, seed=1)
    q = encode_part(vae, valid)
    z = q.sample(torch.randn(q.mu.shape, generator=torch.Generator().manual_seed(3)))
    expected = (vae.log_likelihood(to_tensor(valid.x), z) - q.kl().sum(1)).mean()
    value = measure_elbo(vae, valid, q, torch.Generator().manual_seed(3))
    assert value == pytest.approx(float(expected.detach()), rel=1e-5)


def test_with_patience_training_stops_and_keeps_the_best_weights(kind: str, tmp_path: Any) -> None:
    budget = {"epochs": 60, "learning_rate": 0.1, "patience": 3}
    vae = toy_vae(kind)
    elbos, weights, states = [], [], []
    for row, state in run(vae, kind, **budget):
        assert row["converged"] == (len(states) - np.argmax([*elbos, row["valid_elbo"]]) >= 3)
        elbos.append(row["valid_elbo"])
        weights.append(copied(vae))
        torch.save(state.state_dict(), tmp_path / f"{len(states)}.pt")
        states.append(tmp_path / f"{len(states)}.pt")
    best = int(np.argmax(elbos))
    assert len(elbos) == best + 1 + 3 < 60, "three epochs without a rise"
    assert same(copied(vae), weights[best])
    for k in (best, len(states) - 1):  # goes on to the same end, also from the last state
        again = toy_vae(kind, seed=9)
        rest = rows_of(again, kind, saved=torch.load(states[k], weights_only=True), **budget)
        assert [row["valid_elbo"] for row in rest] == elbos[k + 1 :]
        assert same(copied(again), weights[best])
    longer = rows_of(toy_vae(kind), kind, **budget, min_epochs=len(elbos) + 2)
    assert len(longer) >= len(elbos) + 2
    valid = toy_part(kind, seed=1)
    assert (
        measure_elbo(vae, valid, encode_part(vae, valid), torch_generator(0, "validation elbo"))
        == elbos[best]
    )


def test_training_does_not_stop_before_the_schedule_of_the_kl_weight_is_over(kind: str) -> None:
    budget = {"epochs": 40, "learning_rate": 0.1, "patience": 2}
    for weight in (piece("kl_weight", "linear", steps=80), piece("kl_weight", "cyclical", period=80)):
        rows = rows_of(toy_vae(kind), kind, {"kl_weight": weight}, **budget)
        assert rows[-1]["step"] >= 80
        assert not any(row["converged"] for row in rows[:-1])


def test_a_run_knows_since_when_its_kl_has_been_on_target(kind: str) -> None:
    constant = piece("kl_weight", "constant", beta=1.0)
    free = rows_of(toy_vae(kind), kind, {"kl_weight": constant}, epochs=12, learning_rate=0.05)
    assert {(row["kl_target"], row["settled_epoch"]) for row in free} == {(0.0, 0)}
    target = float(np.mean([row["kl"] for row in free[-3:]]))
    weight = KLWeight(dict, lambda state, kl, _: (kl.new_tensor(1.0), state), target=target)
    rows = rows_of(toy_vae(kind), kind, {"kl_weight": weight}, epochs=12, learning_rate=0.05)
    assert [row["kl"] for row in rows] == [row["kl"] for row in free], "a target alone does nothing"
    since = 0
    for row in rows:
        since = (since or row["epoch"]) if abs(row["kl"] - target) <= 0.05 * target else 0
        assert row["settled_epoch"] == since


@pytest.mark.parametrize(("since", "settled"), [(0, 0), (4, 1), (9, 1), (10, 0)])
def test_what_has_settled_after_the_best_epoch_does_not_count(since: int, settled: int) -> None:
    history = {"kl_target": "3.0", "settled_epoch": str(since), "best_epoch": "9"}
    row = find_settled_epoch(history)
    assert row["settled"] == settled
    assert row["settled_epoch"] == since if settled else np.isnan(row["settled_epoch"])
    history["kl_target"] = "0.0"
    assert all(np.isnan(value) for value in find_settled_epoch(history).values())


def test_the_learning_rate_is_halved_where_the_elbo_stalls(kind: str, tmp_path: Any) -> None:
    budget = {"epochs": 40, "learning_rate": 0.1, "patience": 40, "halving": 3}
    rows, elbos, last, rate = [], [], 0, 0.1
    for row, state in run(toy_vae(kind), kind, **budget):
        assert row["learning_rate"] == rate
        rows.append(row)
        elbos.append(row["valid_elbo"])
        if len(rows) - max(int(np.argmax(elbos)) + 1, last) >= 3:
            last, rate = len(rows), rate / 2
        if len(rows) == 15:
            torch.save(state.state_dict(), tmp_path / "state.pt")
    assert rate < 0.1
    saved = torch.load(tmp_path / "state.pt", weights_only=True)
    assert rows_of(toy_vae(kind, seed=9), kind, saved=saved, **budget) == rows[15:]


def test_without_patience_all_epochs_are_trained_and_the_last_weights_kept(kind: str) -> None:
    rows = rows_of(toy_vae(kind), kind, epochs=5)
    assert [row["best_epoch"] for row in rows] == [1, 2, 3, 4, 5]
    assert not any(row["converged"] for row in rows)


def test_measuring_the_validation_elbo_changes_no_training(kind: str) -> None:
    plain = rows_of(toy_vae(kind), kind)
    watched = rows_of(toy_vae(kind), kind, patience=99)
    names = plain[0].keys() - {"best_epoch"}
    assert [{name: row[name] for name in names} for row in watched] == [
        {name: row[name] for name in names} for row in plain
    ]


@pytest.mark.parametrize("halving", [1, 3])
def test_the_learning_rate_is_halved_when_torch_would(halving: int) -> None:
    """As torch.optim.lr_scheduler.ReduceLROnPlateau does, whatever the ELBO does."""
    state = TrainState(toy_vae("images"), method(), training(halving=halving, optimizer="sgd"), Work())
    theirs = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=training().learning_rate)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(
        theirs, mode="max", factor=0.5, patience=halving - 1, threshold=0.0, eps=0.0
    )
    for value in np.random.default_rng(0).normal(size=60) + 0.02 * np.arange(60):
        state.epoch += 1
        state.validated(float(value))
        scheduler.step(float(value))
        rates = {optimizer.learning_rate for optimizer in state.optimizers.values()}
        assert rates == {theirs.param_groups[0]["lr"]}
    assert theirs.param_groups[0]["lr"] < training().learning_rate / 4
