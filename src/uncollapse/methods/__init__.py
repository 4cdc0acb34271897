"""The remedies: a folder a slot, a file a piece. A `Method` is what stands in all slots."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
from uncollapse.registry import build, folder

# The slots, by the section of params.yaml whose entries fill them, and what stands in each unless an
# entry says otherwise.
SLOTS: dict[str, dict[str, Any]] = {
    "models": {"kl_weight": {"use": "constant"}, "divergence": {"use": "kl"}, "bound": {"use": "elbo"}},
    "methods": {
        "decoder": {"use": "plain"},
        "posterior": {"use": "gaussian"},
        "inference": {"use": "joint"},
        "pretraining": {"use": "none"},
        "perturbation": [],  # a list: several act one after the other
        "auxiliary": {"use": "no_task"},
    },
}


@dataclass(frozen=True)
class Method:
    """What stands in every slot, of models and methods alike: how a VAE is built and trained."""

    kl_weight: KLWeight
    divergence: Divergence
    bound: Bound
    decoder: Join
    posterior: Head
    inference: Inference
    pretraining: Pretraining
    perturbation: Sequence[Perturbation]
    auxiliary: Auxiliary

    @classmethod
    def build(cls, entries: Mapping[str, Any]) -> "Method":
        """The pieces of resolved params entries by slot, such as a recipe's; what they leave out is the
        default. Other keys are ignored."""
        pieces: dict[str, Any] = {}
        for slot, default in (SLOTS["models"] | SLOTS["methods"]).items():
            entry = entries.get(slot, default)
            if isinstance(entry, list):
                pieces[slot] = [build(folder(slot), piece) for piece in entry]
            else:
                pieces[slot] = build(folder(slot), entry)
        return cls(**pieces)
