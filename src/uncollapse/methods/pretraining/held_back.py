"""The reserved part is held back, and nothing is learned on it: the control of methods that pretrain.

These learn the VAE on the part `train` alone. Held against a VAE that learns on `reserve` too, they lose what
the examples are worth; held against this one, what is left is what pretraining does.
"""

from collections.abc import Iterator

from uncollapse.data.prepared import Part
from uncollapse.methods.pretraining import Pretraining, Row, State
from uncollapse.vae import VAE
from uncollapse.work import Work


def held_back() -> Pretraining:
    """The encoder keeps its initial weights."""

    def run(vae: VAE, reserve: Part, seed: int, saved: State | None) -> Iterator[tuple[Row, State]]:
        if saved is None:
            yield {"epoch": 0, **Work().row()}, {}

    return Pretraining(run)
