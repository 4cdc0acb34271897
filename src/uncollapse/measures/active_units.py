"""Active units are the dimensions whose posterior mean varies over the data.

Burda et al. 2016, arXiv 1509.00519, section 5.2.
"""

from torch import Tensor

from uncollapse.measures import ColumnValues, Measure, Trained

COLUMNS = {"active_units": Measure("active units", better=1, grain=1.0)}


def count_active_units(mu: Tensor, *, threshold: float = 0.01) -> int:
    """Return the number of dimensions i with Var_x(mu_i(x)) >= threshold.

    `mu` holds posterior means (N, D), N > 1.
    """
    return int((mu.var(0) >= threshold).sum())


def measure(run: Trained) -> ColumnValues:
    """Return active_units of the test set, and the number of latents."""
    return {"active_units": count_active_units(run.q["test"].mu), "latents": run.q["test"].mu.shape[1]}
