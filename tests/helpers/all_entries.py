"""All models and methods of params.yaml, and the data set whose arguments each kind of toy data takes."""

from pathlib import Path

from uncollapse.experiment.params import Params

PARAMS = Params(Path(__file__).parent.parent.parent / "params.yaml")
ENTRIES = PARAMS.stated.methods
MODELS, METHODS = list(PARAMS.stated.models), list(ENTRIES)
DATA = {"images": "mnist5k", "tokens": "kjv"}
