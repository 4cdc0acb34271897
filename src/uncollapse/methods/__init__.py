"""The remedies: a folder for each slot, a file for each piece. A `Method` holds the pieces of all slots."""

from collections.abc import Mapping, Sequence
from typing import Any

from uncollapse.methods.auxiliary import Auxiliary
from uncollapse.methods.bound import Bound
from uncollapse.methods.decoder import Join
from uncollapse.methods.divergence import Divergence
from uncollapse.methods.inference import Inference
from uncollapse.methods.kl_weight import KLWeight
from uncollapse.methods.perturbation import Perturbation
from uncollapse.methods.posterior import Head
from uncollapse.methods.pretraining import Pretraining
from uncollapse.registry import SLOTS, default_entries, make_piece


class Method:
    """The piece in every slot of models and methods: how a VAE is built and trained.

    The slots are those of `uncollapse.registry.SLOTS`; the types of the pieces stand here for the code that
    reads them.
    """

    kl_weight: KLWeight
    divergence: Divergence
    bound: Bound
    decoder: Join
    posterior: Head
    inference: Inference
    pretraining: Pretraining
    perturbation: Sequence[Perturbation]
    auxiliary: Auxiliary

    def __init__(self, **pieces: Any) -> None:
        if (slots := default_entries("models", "methods")).keys() != pieces.keys():
            raise TypeError(f"a method has one piece for each of {', '.join(slots)}; given are {[*pieces]}")
        vars(self).update(pieces)

    @classmethod
    def build(cls, entries: Mapping[str, Any]) -> "Method":
        """Build the pieces of resolved entries by slot, such as a recipe's, whose other keys are ignored.

        A slot that the entries leave out gets its default.
        """
        pieces: dict[str, Any] = {}
        for slot, default in default_entries("models", "methods").items():
            entry = entries.get(slot, default)
            if isinstance(entry, list):
                pieces[slot] = [make_piece(SLOTS[slot].folder, piece) for piece in entry]
            else:
                pieces[slot] = make_piece(SLOTS[slot].folder, entry)
        return cls(**pieces)
