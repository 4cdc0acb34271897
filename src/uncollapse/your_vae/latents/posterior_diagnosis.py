"""The measures of a diagnosis, from latents beside their prior."""

import math
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from uncollapse.measures.active_units import count_active_units
from uncollapse.measures.collapse import find_thresholds
from uncollapse.your_vae.handed_over.real_arrays import OutOfRange
from uncollapse.your_vae.latents.diagnosis import Diagnosis
from uncollapse.your_vae.latents.information_bounds import SURE
from uncollapse.your_vae.latents.label_probe import probe_labels
from uncollapse.your_vae.latents.latent_scale import measure_scale
from uncollapse.your_vae.latents.latent_verdict import COLLAPSE_EPS
from uncollapse.your_vae.latents.latents import Latents, count_used, find_information
from uncollapse.your_vae.latents.layout import find_thresholds_where
from uncollapse.your_vae.latents.outliers import find_outliers
from uncollapse.your_vae.latents.structure_fields import summarise_structure

ROUNDING_NATS = 0.01  # A mean that is less below 0 may come from rounding.


def diagnose_posterior(latents: Latents, labels: Any, delta: float, doubt: str | None) -> Diagnosis:
    """Diagnose latents of doubles (N, D). Raises ValueError as `diagnose` does."""
    q, kl = latents.q, latents.kl
    if len(q.mu) < 2:
        raise ValueError("mu: should have two examples or more, not 1")
    if not isinstance(delta, int | float) or not 0 <= delta < 1:
        raise ValueError(f"delta: should be a number, at least 0 and less than 1, not {delta!r}")
    if not bool(latents.kl_of_examples.sum().isfinite()):
        raise OutOfRange(f"mu: the square of {float(q.mu.abs().max()):.4g} is out of range")
    check_kl(latents.kl_of_examples if latents.kl_of_levels is None else latents.kl_of_levels)
    found = measure_latents(latents, labels, delta, doubt)
    outliers = find_outliers(q, kl) if latents.gaussian else None
    if outliers is None:
        return found
    others = measure_latents(latents.take(outliers.kept), None, delta, None)
    return replace(found, outliers=f"{outliers.words}; the others alone: {others.verdict}")


def check_kl(kl: Tensor) -> None:
    """Raise ValueError if the mean of a KL (N,), or of one of several (N, L), is certainly below 0.

    No KL is, so log p(z) is no log density then: it was not normalised, or it is something else.
    """
    highest = kl.mean(0) + SURE * kl.std(0) / math.sqrt(len(kl))
    if bool((highest < -ROUNDING_NATS).any()):
        raise ValueError(
            f"prior: is no log density: the KL to it would be {float(kl.mean(0).min()):.4g} nats, and no KL "
            "is below 0; log p(z) should be normalised, so that p(z) integrates to 1"
        )


def measure_latents(latents: Latents, labels: Any, delta: float, doubt: str | None) -> Diagnosis:
    """Return all measures of latents."""
    q, kl = latents.q, latents.kl
    generator = torch.Generator().manual_seed(0)
    order = torch.randperm(len(kl), generator=generator)
    noise = torch.randn(count_used(latents), kl.shape[1], generator=generator)
    information, bounds = find_information(latents, order, noise)
    counts, thresholds = torch.full(kl.shape[1:], len(kl)), find_thresholds(kl, delta=delta)
    if latents.exists is not None:
        counts = latents.exists.sum(0)
        thresholds = find_thresholds_where(kl, latents.exists, delta)
    return Diagnosis(
        n=len(kl),
        d=kl.shape[1],
        delta=delta,
        kl=float(latents.kl_of_examples.mean()),
        kl_standard_error=float(latents.kl_of_examples.std()) / math.sqrt(len(kl)),
        kl_per_dimension=(kl.sum(0) / counts).numpy(),
        active_units=count_active(latents),
        mi=information.mi,
        mi_standard_error=information.standard_error,
        mi_cap=information.cap,
        mi_upper=bounds.mi_upper,
        mi_upper_standard_error=bounds.standard_error,
        collapse_thresholds=thresholds.numpy(),
        marginal_kl=information.marginal_kl,
        marginal_kl_at_least=max(0.0, bounds.marginal_kl_at_least),
        **measure_scale(q, latents.exists),
        alive_examples=float((latents.kl_of_examples >= COLLAPSE_EPS).double().mean()),
        doubt=doubt,
        prior=latents.prior,
        probe_accuracy=None if labels is None else probe_labels(q.mu, labels, order),
        **summarise_structure(latents, thresholds, COLLAPSE_EPS),
    )


def count_active(latents: Latents) -> int:
    """Return the number of active units; padding does not count."""
    mu, exists = latents.q.mu, latents.exists
    if exists is None:
        return count_active_units(mu)
    return sum(
        count_active_units(column[there].unsqueeze(1))
        for column, there in zip(mu.T, exists.T, strict=True)
        if int(there.sum()) > 1
    )
