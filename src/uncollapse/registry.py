"""The table of slots, and the pieces that can fill them: a piece is a file in the folder of its slot.

`{use: pi, kp: 0.01}` in the slot `kl_weight` is the file `methods/kl_weight/pi.py`, which holds a function of
the same name, called as `pi(kp=0.01)`. A new piece is a file, which need not be registered; a new slot is a
folder and a line of `SLOTS`. The second paragraph of the docstring of the folder's
`__init__.py` is the question that the slot answers; the rest says what its pieces have to be.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from uncollapse.errors import UserError

PACKAGE = Path(__file__).parent


@dataclass(frozen=True)
class Slot:
    """A place where a remedy acts on training, or a part of the description of a data set.

    section   of params.yaml whose entries fill the slot
    folder    of the pieces, within the package
    default   the piece that fills the slot unless an entry names another one; it is no remedy
    stages    of the pipeline whose recipes name the piece
    several   whether the slot holds a list of pieces, which act one after the other; by default an empty one
    controls  pieces that are no remedies either: others are compared with them
    """

    name: str
    section: str
    folder: str
    default: str = ""
    stages: tuple[str, ...] = ("tune", "train")
    several: bool = False
    controls: tuple[str, ...] = ()

    @property
    def entry(self) -> Any:
        """The entry that fills the slot unless params.yaml says otherwise."""
        return [] if self.several else {"use": self.default}

    def is_default(self, entry: Any) -> bool:
        """Return whether an entry, resolved or not, fills the slot with its default piece."""
        return not entry if self.several else entry["use"] == self.default


TRAINED = ("tune", "train")
MEASURED = (*TRAINED, "evaluate")
BUILT = ("pretrain", *MEASURED)  # The stages that build the nets.
SLOTS = {
    slot.name: slot
    for slot in (
        Slot("kl_weight", "models", "methods/kl_weight", "constant", TRAINED),
        Slot("divergence", "models", "methods/divergence", "kl", TRAINED),
        Slot("bound", "models", "methods/bound", "elbo", TRAINED),
        Slot("decoder", "methods", "methods/decoder", "plain", BUILT),
        Slot("posterior", "methods", "methods/posterior", "gaussian", BUILT, controls=("prior",)),
        Slot("inference", "methods", "methods/inference", "joint", MEASURED),
        Slot(
            "pretraining",
            "methods",
            "methods/pretraining",
            "none",
            ("pretrain", *TRAINED),
            controls=("held_back",),
        ),
        Slot("perturbation", "methods", "methods/perturbation", "clean", TRAINED, several=True),
        Slot("auxiliary", "methods", "methods/auxiliary", "no_task", TRAINED),
        Slot("source", "datasets", "data/sources", stages=("prepare",)),
        Slot("net", "datasets", "nets", stages=BUILT),
        Slot("likelihood", "datasets", "likelihoods", stages=("prepare", *BUILT)),
    )
}


def default_entries(*sections: str) -> dict[str, Any]:
    """Return what stands in each slot of some sections unless an entry of params.yaml says otherwise."""
    return {name: slot.entry for name, slot in SLOTS.items() if slot.section in sections}


def list_names(folder: str) -> list[str]:
    """Return the pieces in a folder of the package: list_names("methods/decoder") == ["plain", "skip"]."""
    return sorted(file.stem for file in (PACKAGE / folder).glob("*.py") if not file.stem.startswith("_"))


def find_function(folder: str, name: str) -> Callable[..., Any]:
    """Return the function `name` in the file `name`.py of `folder`. Raises UserError if there is none."""
    found = getattr(import_module(f"uncollapse.{folder.replace('/', '.')}.{name}"), name, None)
    if not callable(found):
        raise UserError(f"{folder}/{name}.py: should hold a function {name}, which makes the piece")
    return found


def make_piece(folder: str, entry: Mapping[str, Any]) -> Any:
    """Return the piece of a resolved entry: `find_function(folder, use)(**arguments)`."""
    return find_function(folder, entry["use"])(
        **{name: value for name, value in entry.items() if name != "use"}
    )
