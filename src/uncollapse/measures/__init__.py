"""Measures of a trained VAE: each file is one, and all values in nats say so.

A file of this folder is a measure: `measure(run)` gives one or more columns of metrics/summary.csv,
`COLUMNS` says which of them are compared and how they are shown. There is nothing to register. `laws.py`
and `evaluate.py` are about all measures.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from uncollapse.data.part import Part
from uncollapse.registry import list_names
from uncollapse.vae import VAE, Gaussian

if TYPE_CHECKING:  # Training measures too, and should not wait for pandas.
    import pandas as pd

ColumnValues = dict[str, Any]
# The order of the columns; a measure that is not named here comes last.
COLUMN_ORDER = (
    "likelihood",
    "train_kl",
    "mutual_information",
    "mutual_information_bound",
    "reads",
    "active_units",
    "collapse",
    "information_per_dimension",
    "probe",
    "fid",
    "sample_perplexity",
    "history",
)


@dataclass(frozen=True, eq=False)  # Compared by identity, so that its measures can be cached.
class Trained:
    """A trained VAE, the data and the settings that it is measured with.

    `parts` are train (as one draw of the likelihood, `train_points` examples at most), valid and test;
    `q` is q(z|x) of each, (N, D), on the CPU; `settings` is the section `evaluation` of params.yaml;
    `history` is the last row of training; `data` is the folder of the prepared data set.
    """

    vae: VAE
    parts: Mapping[str, Part]
    q: Mapping[str, Gaussian]
    settings: Mapping[str, Any]
    history: Mapping[str, str]
    seed: int
    data: Path


@dataclass(frozen=True)
class Measure:
    """How a column is compared and shown.

    title     heads its column in the report's table
    unit      "nats", "share" (0 to 1, shown in per cent) or "" for counts
    better    1 if more of it is better, -1 if less is, 0 if neither
    grain     the step of counts, or of shares of a few: a number, or the column whose inverse it is
    compared  whether it has rows in metrics/comparison.csv and a column in the report's table, or only a mean
    cap       the column that says whether it is an estimate at its cap
    bound     the column that bounds it from above, which is shown with an estimate at its cap
    limit     another column, for which a difference has to be beyond chance as well
    derived   for a column that is not in summary.csv: how to make it of those that are
    paired    for one that only a pair of runs has: how to make it of the history of a run and that of its
              reference, as a value of each
    words     what it counts, for a sentence; the title unless this is given
    least     the setting of `evaluation` below which a difference does not count
    below     for a share of dimensions: the column of the collapse curves that is less than eps in them
    """

    title: str
    unit: Literal["nats", "share", ""] = ""
    better: Literal[1, -1, 0] = 0
    grain: float | str = 0.0
    compared: bool = True
    cap: str | None = None
    bound: str | None = None
    limit: str | None = None
    derived: "Callable[[pd.DataFrame], pd.Series] | None" = None
    paired: "Callable[[pd.DataFrame, pd.DataFrame], tuple[float, float]] | None" = None
    words: str = ""
    least: str | None = None
    below: str | None = None


@cache
def load_measures() -> list[Any]:
    """Return the modules of all measures, in the order of their columns."""
    files = [name for name in list_names("measures") if name not in ("laws", "evaluate")]
    files.sort(
        key=lambda name: (COLUMN_ORDER.index(name) if name in COLUMN_ORDER else len(COLUMN_ORDER), name)
    )
    return [import_module(f"uncollapse.measures.{name}") for name in files]


def list_columns() -> dict[str, Measure]:
    """Return every declared column, in order."""
    return {name: measure for module in load_measures() for name, measure in module.COLUMNS.items()}
