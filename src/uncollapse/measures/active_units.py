"""Active units: the dimensions whose posterior mean varies over the data (Burda et al. 2016, arXiv 1509.00519, section 5.2)."""

from torch import Tensor


def active_units(mu: Tensor, *, threshold: float = 0.01) -> int:
    """The number of dimensions i with Var_x(mu_i(x)) >= threshold, for posterior means mu (N, D), N > 1."""
    return int((mu.var(0) >= threshold).sum())
