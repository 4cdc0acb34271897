"""Aggressive training of the encoder, step by step against the algorithm of He et al. 2019."""

from typing import Any

import pytest
import torch
from torch import Tensor
from toys import rows_of, toy_vae

from uncollapse.methods.inference import StepResult
from uncollapse.methods.inference.aggressive import aggressive
from uncollapse.methods.kl_weight.linear import linear


def result(loss: float, units: int = 1) -> StepResult:
    return StepResult(torch.tensor(loss), units, torch.zeros(3), {})


def updates(losses: list[float], units: list[int] | None = None, **arguments: Any) -> list[str]:
    """The updates of one aggressive step on batch 0, with these losses: e of the encoder, d of the
    decoder, j of both jointly."""
    record: list[str] = []
    random_batches = iter(range(1, 1000))

    def gradient_step(x: Tensor, *, encoder: bool = True, decoder: bool = True) -> StepResult:
        record.append(f"{'j' if encoder and decoder else 'e' if encoder else 'd'}{int(x)}")
        i = len(record) - 1
        return result(losses[i] if i < len(losses) else 0.0, (units or [1] * 1000)[i])

    inference = aggressive(**arguments)

    def draw() -> Tensor:
        return torch.tensor(next(random_batches))

    inference.step(inference.init(), torch.tensor(0), gradient_step, draw)
    return record


def test_the_encoder_is_updated_until_a_window_is_worse_and_then_the_decoder_once() -> None:
    # windows of 2: 3.5, 2.5, 2.5 (not worse), 2.6 (worse)
    record = updates([4, 3, 3, 2, 2, 3, 2.6, 2.6, 0, 0], window=2)
    assert record == ["e0", *(f"e{i}" for i in range(1, 8)), "d0"], "first the batch itself, then random ones"


def test_two_windows_always_run() -> None:
    assert updates([1, 1, 9, 9], window=2) == ["e0", "e1", "e2", "e3", "d0"]


def test_the_encoder_makes_fewer_than_most_steps() -> None:
    assert updates([1.0 - i / 1000 for i in range(200)]) == ["e0", *(f"e{i}" for i in range(1, 99)), "d0"]


def test_a_window_is_judged_by_the_loss_of_a_unit() -> None:
    # the second window has more loss, of more words: 3 / 3 against 4 / 8
    assert len(updates([1, 2, 2, 2, 9, 9], [1, 2, 4, 4, 1, 1, 0], window=2)) == 7
    assert len(updates([1, 2, 2, 2, 9, 9], [1, 2, 1, 1, 0], window=2)) == 5


@pytest.mark.parametrize(
    ("patience", "mis", "ends"),
    [
        (1, [1.0, 2.0, 1.9, 3.0], 3),  # text: the first epoch in which it falls
        (1, [1.0, 1.0, 0.9], 3),
        (
            5,
            [1, 3, 2, 2.5, 4, 3, 3, 5, 4, 4],
            9,
        ),  # images: the fifth epoch below the best so far: 2, 2.5, 3, 3, 4
    ],
)
def test_aggressive_steps_end_by_the_validation_mi(patience: int, mis: list[float], ends: int) -> None:
    inference = aggressive(patience=patience)
    state, record = inference.init(), list[tuple[bool, bool]]()

    def gradient_step(x: Tensor, *, encoder: bool = True, decoder: bool = True) -> StepResult:
        record.append((encoder, decoder))
        return result(1.0 + len(record))

    for epoch, mi in enumerate([*mis, 99.0], 1):
        record.clear()
        inference.step(state, torch.zeros(1), gradient_step, lambda: torch.zeros(1))
        assert ((True, True) in record) == (epoch > ends)
        state = inference.epoch(state, lambda mi=mi: mi)
    assert state["aggressive"] == 0


def test_in_aggressive_training_a_schedule_goes_on_once_a_batch(kind: str) -> None:
    rows = rows_of(toy_vae(kind), kind, {"inference": "aggressive", "kl_weight": linear(steps=8)}, epochs=2)
    assert [row["beta"] for row in rows] == pytest.approx([(0 + 1 + 2 + 3) / 4 / 8, (4 + 5 + 6 + 7) / 4 / 8])
    assert [row["decoder_steps"] for row in rows] == [4, 8]
    assert 4 * 4 <= rows[0]["encoder_steps"] <= 4 * 5


def test_an_encoder_step_computes_no_gradients_of_the_decoder(kind: str) -> None:
    vae = toy_vae(kind)
    calls: list[bool] = []
    for parameter in vae.decoder_parameters():
        parameter.register_hook(lambda gradient: calls.append(True))
    rows_of(vae, kind, {"inference": "aggressive"}, epochs=1)
    assert len(calls) == 4 * len(vae.decoder_parameters()), "one decoder step for each of 4 batches"
