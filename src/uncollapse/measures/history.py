"""What training took and how it ended: the last row of a run's history.

The work of training is what a method costs: gradient steps of encoder and decoder and their floating point
operations, pretraining included. A run that stopped by itself, for want of a better validation ELBO, has
converged. A controller has settled if it brought the KL to its set point before the weights that are kept.

Two methods that were trained until they stopped improving may have taken very different work. At equal work
stands the best validation ELBO of a run up to the work at which its reference was at its best.
"""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from uncollapse.measures import ColumnValues, Measure, Trained

if TYPE_CHECKING:
    import pandas as pd


def compare_at_equal_work(history: "pd.DataFrame", reference: "pd.DataFrame") -> tuple[float, float]:
    """Return the validation ELBO (nats) of a run and of its reference at equal work.

    Each history has a row for each epoch. The value is nan for a run whose first epoch took more work.
    """
    best = int(reference["valid_elbo"].to_numpy().argmax())
    work = float(reference["gflops"].iloc[best]) * (1 + 1e-9)  # Sums of the same numbers differ by rounding.
    until = history["valid_elbo"][history["gflops"] <= work]
    return float(until.max()), float(reference["valid_elbo"].iloc[best])


COLUMNS = {
    "encoder_steps": Measure("encoder steps", compared=False),
    "decoder_steps": Measure("decoder steps", compared=False),
    "gflops": Measure("GFLOP", compared=False),
    "elbo_at_equal_work": Measure("elbo at equal work", "nats", better=1, paired=compare_at_equal_work),
    "epochs": Measure("epochs", compared=False),
    "best_epoch": Measure("best epoch", compared=False),
    "converged": Measure("converged", compared=False),
    "settled_epoch": Measure("settled in epoch", compared=False),
    "settled": Measure("settled", compared=False),
}


def measure(run: Trained) -> ColumnValues:
    """Return work, epochs, best_epoch, whether the run converged (0 or 1), and whether its KL settled."""
    return {
        "encoder_steps": int(run.history["encoder_steps"]),
        "decoder_steps": int(run.history["decoder_steps"]),
        "gflops": float(run.history["gflops"]),
        "epochs": int(float(run.history["epoch"])),
        "best_epoch": int(float(run.history["best_epoch"])),
        "converged": int(float(run.history["converged"])),
        **find_settled_epoch(run.history),
    }


def find_settled_epoch(history: Mapping[str, str]) -> ColumnValues:
    """Return settled_epoch and settled, which are nan for a KL weight without a set point.

    settled is 1 if from `settled_epoch` on, which is not after the best one, the mean KL of every epoch was
    within 5 % of the set point, and 0 otherwise.
    """
    since, best = float(history["settled_epoch"]), float(history["best_epoch"])
    if float(history["kl_target"]) == 0:
        return {"settled_epoch": math.nan, "settled": math.nan}
    settled = 0 < since <= best
    return {"settled_epoch": since if settled else math.nan, "settled": int(settled)}
