"""Encoder and decoder move together, one step a batch (Kingma & Welling 2014, algorithm 1)."""

from torch import Tensor

from uncollapse.methods.inference import Inference, Move


def joint() -> Inference:
    """Both move."""

    def step(batch: Tensor, move: Move) -> None:
        move(batch, encoder=True, decoder=True)

    return Inference(step)
