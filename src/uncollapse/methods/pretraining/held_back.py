"""The reserved part is held back, and nothing is learned on it: the control of methods that pretrain.

These learn the VAE on the part `train` alone. Held against a VAE that learns on `reserve` too, they lose what
the examples are worth; held against this one, what is left is what pretraining does.
"""

from collections.abc import Iterator

from uncollapse.compute.work import Work
from uncollapse.data.part import Part
from uncollapse.methods.pretraining import HistoryRow, Learn, Pretraining, PretrainingState
from uncollapse.vae import VAE


def held_back() -> Pretraining:
    """The encoder keeps its initial weights."""

    def run(
        vae: VAE, reserve: Part, seed: int, saved: PretrainingState | None, learn: Learn
    ) -> Iterator[tuple[HistoryRow, PretrainingState]]:
        if saved is None:
            yield {"epoch": 0, **Work().row()}, {}

    return Pretraining(run)
