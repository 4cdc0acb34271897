"""The law of all measures: each file returns its columns for pictures and text, with labels and without."""

import json
import math
from importlib import import_module
from numbers import Real
from pathlib import Path

import numpy as np
import pytest
from made_rows import training_of
from toys import CARDS, toy_part, toy_vae

from uncollapse.data.files import CARD, locate_array, locate_labels
from uncollapse.experiment.schema import Evaluation
from uncollapse.measures import Trained, load_measures
from uncollapse.measures.evaluate import encode_parts

NAMES = [module.__name__.rpartition(".")[2] for module in load_measures()]


def make_run(folder: Path, kind: str, labels: bool) -> Trained:
    """An untrained toy VAE and the files of a prepared data set."""
    for seed, name in enumerate(("train", "reserve", "valid", "test")):
        part = toy_part(kind, 40, seed)
        np.save(locate_array(folder, name), part.x)
        if labels and part.labels is not None:
            np.save(locate_labels(folder, name), part.labels)
    (folder / CARD).write_text(json.dumps(CARDS[kind]))
    (row,) = training_of(0, 9.0, np.random.default_rng(0), 1)
    history = {name: str(value) for name, value in {**row, "kl_target": 0.0, "settled_epoch": 0}.items()}
    return encode_parts(toy_vae(kind), folder, Evaluation().model_dump(), history, 0)


@pytest.mark.parametrize("labels", [True, False], ids=["labels", "no labels"])
@pytest.mark.parametrize("name", NAMES)
def test_it_returns_numbers_in_the_columns_that_it_declares(
    tmp_path: Path, name: str, kind: str, labels: bool
) -> None:
    module = import_module(f"uncollapse.measures.{name}")
    row = module.measure(make_run(tmp_path, kind, labels))
    declared = {column for column, shown in module.COLUMNS.items() if not (shown.derived or shown.paired)}
    assert declared <= row.keys()
    for column, value in row.items():
        assert isinstance(value, Real), column
        shown = module.COLUMNS.get(column)
        if shown and shown.unit == "share" and not math.isnan(float(value)):
            assert 0 <= float(value) <= 1, column
