"""The reserved part is held back and nothing is learned on it: a control of methods that pretrain.

Methods that pretrain learn the VAE on the part `train` alone. Compared with a VAE that learns on `reserve`
too, they lose what the examples are worth; compared with this one, the difference is the effect of
pretraining.
"""

from collections.abc import Iterator

from uncollapse.compute.work import Work
from uncollapse.data.part import Part
from uncollapse.methods.pretraining import HistoryRow, Learn, Pretraining, PretrainingState
from uncollapse.vae import VAE


def held_back() -> Pretraining:
    """Leave the encoder with its initial weights."""

    def run(
        vae: VAE, reserve: Part, seed: int, saved: PretrainingState | None, learn: Learn
    ) -> Iterator[tuple[HistoryRow, PretrainingState]]:
        if saved is None:
            yield {"epoch": 0, **Work().row()}, {}

    return Pretraining(run)
