"""All measures of one trained VAE."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import sklearn.linear_model
import sklearn.mixture  # noqa: F401  (measures use both, and all workers share one import)
from torch import Tensor

from uncollapse.data.files import read_parts
from uncollapse.data.part import Part
from uncollapse.errors import UserError
from uncollapse.measures import ColumnValues, Trained, load_measures
from uncollapse.measures.collapse import measure_thresholds
from uncollapse.measures.information_per_dimension import measure_run_information
from uncollapse.measures.laws import find_broken_laws
from uncollapse.measures.likelihood import measure_likelihoods
from uncollapse.seeds import numpy_generator
from uncollapse.vae import VAE, encode_part

MEASURE_MODULES = load_measures()  # Workers that are forked later share this import.


def encode_parts(
    vae: VAE, data: Path, settings: Mapping[str, Any], history: Mapping[str, str], seed: int
) -> Trained:
    """Return a trained VAE with the encoded parts of a prepared data set.

    The training part is measured as one draw of the likelihood, as valid and test were drawn when they
    were prepared.
    """
    parts = {name: read_parts(data, name) for name in ("train", "valid", "test")}
    train, count = parts["train"], settings["train_points"]
    x = vae.likelihood.draw(train.x[:count], numpy_generator(seed, "measure train"))
    parts["train"] = Part(x, None if train.labels is None else train.labels[:count])
    q = {name: encode_part(vae, part) for name, part in parts.items()}
    return Trained(vae, parts, q, settings, history, seed, data)


def evaluate_run(run: Trained) -> ColumnValues:
    """Return the row of all measures. Raises UserError if it breaks a law of `measures.laws`."""
    row: ColumnValues = {}
    for module in MEASURE_MODULES:
        row |= module.measure(run)
    for law in find_broken_laws(row):
        raise UserError(f"seed {run.seed}: the measures break the law {law}")
    return row


def measure_dimensions(run: Trained) -> list[ColumnValues]:
    """Return a row for each latent dimension, in nats.

    It holds the eps at which the dimension starts to count as collapsed and its mean KL, on train, and its
    information, on test.
    """
    columns = {
        "eps": measure_thresholds(run),
        "kl": run.q["train"].kl().mean(0),
        "information": measure_run_information(run),
    }
    values = zip(*(column.tolist() for column in columns.values()), strict=True)
    return [{"dimension": i, **dict(zip(columns, row, strict=True))} for i, row in enumerate(values)]


def measure_examples(run: Trained) -> dict[str, Tensor]:
    """Return, for every test example (N,), the measures that are means over examples, in nats."""
    return {name: values.float() for name, values in measure_likelihoods(run).columns().items()}
