"""The slot `pretraining` of methods.

Where does the encoder start?

A piece that pretrains learns on the part `reserve` of the data; the VAE then learns on the part `train`.
Without pretraining the VAE learns on both, so every method sees the same examples. Only the default piece may
leave the encoder as it is: the pipeline does not run it.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from uncollapse.data.part import Part
from uncollapse.vae import VAE

if TYPE_CHECKING:
    from uncollapse.methods import Method

HistoryRow = dict[str, float]
PretrainingState = dict[str, Any]
# `learn(vae, reserve, method, budget, seed, saved)` trains a whole VAE by a method. Its place is
# `training/loop.py`, which stands above the methods, so it is handed to the piece that needs it.
Learn = Callable[
    [VAE, Part, "Method", Mapping[str, Any], int, PretrainingState | None],
    Iterator[tuple[HistoryRow, PretrainingState]],
]


class Pretraining(NamedTuple):
    """A start of the encoder; `run` is None if it starts from its initial weights.

    `run(vae, reserve, seed, saved, learn)` has changed the weights of the VAE's encoder when it is at its
    end. After every epoch it yields a row {epoch, loss, accuracy, encoder_steps, decoder_steps, gflops, ...},
    and its state: references to all that changes, as torch.save takes them. Given such a state as `saved`,
    which is None at the start, it goes on after that epoch to the result that it would have had.
    """

    run: (
        Callable[
            [VAE, Part, int, PretrainingState | None, Learn], Iterator[tuple[HistoryRow, PretrainingState]]
        ]
        | None
    )
