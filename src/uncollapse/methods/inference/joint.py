"""Encoder and decoder move together, one step a batch (Kingma & Welling 2014, algorithm 1)."""

from collections.abc import Callable

from torch import Tensor

from uncollapse.methods.inference import Inference, Move, State


def joint() -> Inference:
    """Both move."""

    def step(state: State, batch: Tensor, move: Move, draw: Callable[[], Tensor]) -> None:
        move(batch, encoder=True, decoder=True)

    return Inference(init=dict, step=step, epoch=lambda state, mi: state)
