"""The diagnosis of any VAE with a Gaussian posterior, from the encodings of some data."""

from typing import Any

import torch

from uncollapse.measures.active_units import count_active_units
from uncollapse.measures.collapse import find_thresholds
from uncollapse.measures.mutual_information import estimate_mi
from uncollapse.vae import Gaussian
from uncollapse.your_vae.diagnosis import Diagnosis
from uncollapse.your_vae.discrete_latents import diagnose_discrete
from uncollapse.your_vae.encodings import find_doubt
from uncollapse.your_vae.information_bounds import bound_by_moments, bound_information
from uncollapse.your_vae.label_probe import probe_labels
from uncollapse.your_vae.posterior_inputs import read_posterior
from uncollapse.your_vae.sampler import doubt_sampler

MOST_EXAMPLES = 10_000  # The time that the mutual information takes grows with the square of their number.


def diagnose(
    mu: Any = None,
    logvar: Any = None,
    *more: Any,
    var: Any = None,
    std: Any = None,
    labels: Any = None,
    delta: float = 0.01,
    sample: Any = None,
    codes: Any = None,
    size: Any = None,
) -> Any:
    """Diagnose a VAE from its q(z|x): means and one of `logvar`, `var` and `std`, (N, ...) each.

    The arrays may be of any library, and lists of batches; in place of them `mu` may be a Gaussian
    distribution, a dict, a tuple, or a list of those, see `your_vae.posterior_inputs`. Hand over the q(z|x)
    that is sampled in training. `labels` (N,) add a linear probe. `sample(mu, logvar)` is the model's own
    reparameterisation: what it draws is compared with what the KL charges for, see `your_vae.sampler`. Take
    data that the VAE was trained on for the collapse curve, and data held out for all else; take 2,000
    examples or more, because the estimate of the mutual information cannot exceed ln N. `codes`, the indices
    of a VQ-VAE in a book of `size` codes, come alone; their result is a `your_vae.codes.CodeDiagnosis`, and
    all else gives a Diagnosis.

    Raises ValueError with one line that names the argument for other shapes, NaN, infinity, values that are
    no numbers, a single row, or a `sample` that fails.
    """
    others = {"mu": mu, "logvar": logvar, "var": var, "std": std, "labels": labels}
    if (discrete := diagnose_discrete(codes, size, others)) is not None:
        return discrete
    if mu is None:
        raise ValueError("mu: should be given, with one of logvar, var and std, or else codes= and size=")
    encodings = read_posterior(mu, logvar, *more, var=var, std=std)
    doubt = find_doubt(encodings)
    if doubt is None and sample is not None:
        shaped = mu if isinstance(mu, torch.Tensor) else encodings.mu.unflatten(1, encodings.shape)
        doubt = doubt_sampler(sample, encodings.q, shaped)
    return diagnose_posterior(encodings.q, labels, delta, doubt)


def diagnose_posterior(q: Gaussian, labels: Any, delta: float, doubt: str | None) -> Diagnosis:
    """Diagnose q(z|x), doubles (N, D). Raises ValueError as `diagnose` does."""
    if len(q.mu) < 2:
        raise ValueError("mu: should have two examples or more, not 1")
    if not 0 <= delta < 1:
        raise ValueError(f"delta: should be at least 0 and less than 1, not {delta}")
    kl = q.kl()
    if not bool(kl.sum().isfinite()):
        raise ValueError(f"mu: the square of {float(q.mu.abs().max()):.4g} is out of range")
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
