"""The (eps, delta)-collapse curve: which share of dimensions is collapsed at which eps.

Lucas et al. 2019, arXiv 1911.02469. Dimension i is (eps, delta)-collapsed if P_x[KL(q(z_i|x) || p(z_i)) <
eps] >= 1 - delta: if at least ceil((1 - delta) N) of the N values of KL_i are less than eps, or, which is the
same, if the value at that position of the sorted list is less than eps. So the whole curve is D numbers, a
threshold for each dimension, and needs no grid of eps.
"""

import math

from torch import Tensor

from uncollapse.measures import ColumnValues, Measure, Trained

COLUMNS = {
    "collapsed": Measure(
        "collapsed", "share", better=-1, grain="latents", words="collapsed dimensions", below="eps"
    )
}


def find_thresholds(kl: Tensor, *, delta: float = 0.01) -> Tensor:
    """Return the eps above which each dimension is collapsed, (D,), for KL_i (N, D) in nats.

    0 <= delta < 1.
    """
    count = len(kl)
    position = math.ceil((1 - delta) * count - 1e-9)  # (1 - 0.01) * 100 should be 99, not more.
    return kl.kthvalue(position, dim=0).values


def share_of_collapsed(thresholds: Tensor, eps: float) -> float:
    """Return the share of dimensions that are collapsed at eps."""
    return float((thresholds < eps).float().mean())


def measure(run: Trained) -> ColumnValues:
    """Return collapsed: the share at the eps and delta of the settings, on the training data."""
    return {"collapsed": share_of_collapsed(measure_thresholds(run), run.settings["eps"])}


def measure_thresholds(run: Trained) -> Tensor:
    """Return the collapse curve on the training data, (D,), in nats."""
    return find_thresholds(run.q["train"].kl(), delta=run.settings["delta"])
