"""The measures of a diagnosis, from q(z|x) of some data."""

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from uncollapse.measures.active_units import count_active_units
from uncollapse.measures.collapse import find_thresholds
from uncollapse.measures.mutual_information import estimate_mi
from uncollapse.vae import Gaussian
from uncollapse.your_vae.diagnosis import Diagnosis
from uncollapse.your_vae.information_bounds import bound_by_moments, bound_information
from uncollapse.your_vae.label_probe import probe_labels
from uncollapse.your_vae.outliers import find_outliers
from uncollapse.your_vae.real_arrays import OutOfRange

MOST_EXAMPLES = 10_000  # The time that the mutual information takes grows with the square of their number.


def diagnose_posterior(q: Gaussian, labels: Any, delta: float, doubt: str | None) -> Diagnosis:
    """Diagnose q(z|x), doubles (N, D). Raises ValueError as `diagnose` does."""
    if len(q.mu) < 2:
        raise ValueError("mu: should have two examples or more, not 1")
    if not 0 <= delta < 1:
        raise ValueError(f"delta: should be at least 0 and less than 1, not {delta}")
    kl = q.kl()
    if not bool(kl.sum().isfinite()):
        raise OutOfRange(f"mu: the square of {float(q.mu.abs().max()):.4g} is out of range")
    found = measure_posterior(q, kl, labels, delta, doubt)
    outliers = find_outliers(q, kl)
    if outliers is None:
        return found
    kept = Gaussian(q.mu[outliers.kept], q.logvar[outliers.kept])
    others = measure_posterior(kept, kept.kl(), None, delta, None)
    return replace(found, outliers=f"{outliers.words}; the others alone: {others.verdict}")


def measure_posterior(q: Gaussian, kl: Tensor, labels: Any, delta: float, doubt: str | None) -> Diagnosis:
    """Return all measures of q(z|x), doubles (N, D), whose KL is `kl` (N, D)."""
    generator = torch.Generator().manual_seed(0)
    order = torch.randperm(len(kl), generator=generator)
    sample = order[:MOST_EXAMPLES]
    noise = torch.randn(len(sample), q.mu.shape[1], generator=generator)
    chosen = Gaussian(q.mu[sample], q.logvar[sample])
    information, bounds = estimate_mi(chosen, noise), bound_information(chosen, kl[sample].sum(1), noise)
    return Diagnosis(
        n=len(kl),
        d=kl.shape[1],
        delta=delta,
        kl=float(kl.sum(1).mean()),
        kl_per_dimension=kl.mean(0).numpy(),
        active_units=count_active_units(q.mu),
        mi=information.mi,
        mi_standard_error=information.standard_error,
        mi_cap=information.cap,
        mi_upper=bounds.mi_upper,
        mi_upper_standard_error=bounds.standard_error,
        collapse_thresholds=find_thresholds(kl, delta=delta).numpy(),
        marginal_kl=information.marginal_kl,
        marginal_kl_at_least=max(bound_by_moments(q), bounds.marginal_kl_at_least),
        doubt=doubt,
        probe_accuracy=None if labels is None else probe_labels(q.mu, labels, order),
    )
