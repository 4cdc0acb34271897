"""Whether a controller had brought the KL to its set point before the weights that were kept."""

import math

from uncollapse.measures import ColumnValues, Measure, Trained

COLUMNS = {
    "settled_epoch": Measure("settled in epoch", compared=False),
    "settled": Measure("settled", compared=False),
}


def measure(run: Trained) -> ColumnValues:
    """settled: 1 if from `settled_epoch` on, which is not after the best one, the mean KL of every epoch was
    within 5 % of the set point, else 0. Both are NaN for a KL weight without a set point."""
    target, since, best = (float(run.history[name]) for name in ("kl_target", "settled_epoch", "best_epoch"))
    if target == 0:
        return {"settled_epoch": math.nan, "settled": math.nan}
    settled = 0 < since <= best
    return {"settled_epoch": since if settled else math.nan, "settled": int(settled)}
