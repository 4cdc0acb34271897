"""A recipe as stages read it: everything that determines the output of one job."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from uncollapse.experiment.cells import Cell
from uncollapse.experiment.tuning import Values, lay_values


@dataclass(frozen=True)
class Recipe:
    """Everything that determines the output of a job; `stated` is the object that the recipe's file holds.

    A recipe holds what its stage needs, and no more: asking for anything else raises KeyError.
    """

    stated: Mapping[str, Any]

    @property
    def dataset(self) -> str:
        """The name of the data set."""
        return self.stated["dataset"]

    @property
    def cell(self) -> Cell:
        """The cell that a recipe of `tune`, `train` or `evaluate` belongs to."""
        return Cell.of(self.stated)

    @property
    def seeds(self) -> list[int]:
        """The seeds that the job works on."""
        return self.stated["seeds"]

    @property
    def device(self) -> str:
        """The device on which to train and measure: auto, cpu or cuda."""
        return self.stated["device"]

    @property
    def split(self) -> Mapping[str, Any]:
        """How many examples each part of the data set gets."""
        return self.stated["split"]

    @property
    def training(self) -> Mapping[str, Any]:
        """The hyper-parameters of training, as `Training` takes them."""
        return self.stated["training"]

    @property
    def evaluation(self) -> Mapping[str, Any]:
        """The settings of the measures."""
        return self.stated["evaluation"]

    @property
    def candidates(self) -> list[Values]:
        """The values that `tune` chooses from; none for a cell that is not tuned, and in other stages."""
        return self.stated.get("candidates", [])

    @property
    def versions(self) -> Mapping[str, str]:
        """The versions of the libraries that compute."""
        return self.stated["versions"]

    def piece(self, slot: str) -> Any:
        """Return the resolved entry of a slot: a mapping, or a list of mappings."""
        return self.stated[slot]

    def with_values(self, values: Values) -> "Recipe":
        """Return the recipe with the values of a candidate in its slots."""
        return Recipe(lay_values(self.stated, values))

    def with_control(self) -> "Recipe":
        """Return a recipe of `tune` with the pieces of the control in its slots."""
        return Recipe({**self.stated, **self.stated["control"]})

    def without_seeds(self, seeds: Iterable[int]) -> "Recipe":
        """Return the recipe without some of its seeds."""
        left_out = set(seeds)
        return Recipe({**self.stated, "seeds": [seed for seed in self.seeds if seed not in left_out]})


def fingerprint(content: Mapping[str, Any], inputs: Iterable[Path] = ()) -> str:
    """Return a digest of what determines a result: settings, whose list of seeds does not count, and files.

    Raises TypeError for settings that JSON cannot hold as they are, such as a tuple or an infinite number.
    """
    settings = {**content, "seeds": None}
    try:
        text = json.dumps(settings, sort_keys=True, allow_nan=False)
    except ValueError as error:
        raise TypeError(f"settings have no fingerprint: {error}") from None
    if json.loads(text) != settings:
        raise TypeError("settings have no fingerprint: JSON would change a tuple, or a key that is no text")
    digest = hashlib.sha256(text.encode())
    for file in inputs:
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:16]
