"""The diagnosis of any VAE with a Gaussian posterior, from the encodings of some data."""

from typing import Any

import torch

from uncollapse.your_vae.discrete_latents import diagnose_discrete, doubt_quantised
from uncollapse.your_vae.encodings import find_doubt
from uncollapse.your_vae.latents import compare_to_prior
from uncollapse.your_vae.posterior_diagnosis import diagnose_posterior
from uncollapse.your_vae.posterior_inputs import read_posterior
from uncollapse.your_vae.sampler import doubt_sampler


def diagnose(
    mu: Any = None,
    logvar: Any = None,
    *more: Any,
    var: Any = None,
    std: Any = None,
    labels: Any = None,
    delta: float = 0.01,
    prior: Any = None,
    sample: Any = None,
    codes: Any = None,
    size: Any = None,
    probabilities: Any = None,
) -> Any:
    """Diagnose a VAE from its q(z|x): means and one of `logvar`, `var` and `std`, (N, ...) each.

    The arrays may be of any library, and lists of batches; in place of them `mu` may be a Gaussian
    distribution, a dict, a tuple, or a list of those, see `your_vae.posterior_inputs`. Hand over the q(z|x)
    that is sampled in training. `prior` is the prior where it is not N(0, I): (mu_p, logvar_p), a
    distribution or a function z -> log p(z), see `your_vae.prior`. `labels` (N,) add a linear probe.
    `sample(mu, logvar)` is the model's own reparameterisation: what it draws is compared with what the KL
    charges for, see `your_vae.sampler`. Take data that the VAE was trained on for the collapse curve, and
    data held out for all else; take 2,000 examples or more, because the estimate of the mutual information
    cannot exceed ln N. `codes`, the indices of a VQ-VAE in a book of `size` codes, come alone; their result
    is a `your_vae.codes.CodeDiagnosis`. `probabilities` (N, K) or (N, M, K) are those of M categorical
    variables; their result is a `your_vae.categories.CategoryDiagnosis`, also where they, or a categorical
    distribution, are given as `mu` alone. All else gives a `your_vae.diagnosis.Diagnosis`.

    Raises ValueError with one line that names the argument for other shapes, NaN, infinity, values that are
    no numbers, a single row, or a `sample` that fails.
    """
    others = {"mu": mu, "logvar": logvar, "var": var, "std": std, "labels": labels, "prior": prior}
    others["sample"] = sample
    if (discrete := diagnose_discrete(codes, size, probabilities, others)) is not None:
        return discrete
    if mu is None:
        raise ValueError("mu: should be given, with one of logvar, var and std, or else codes= and size=")
    encodings = read_posterior(mu, logvar, *more, var=var, std=std)
    doubt = find_doubt(encodings)
    if doubt is None and prior is None:
        doubt = doubt_quantised(encodings.mu, encodings.logvar)
    if doubt is None and sample is not None:
        doubt = doubt_sampler(sample, encodings.q, mu if isinstance(mu, torch.Tensor) else encodings.shaped)
    return diagnose_posterior(compare_to_prior(encodings, prior), labels, delta, doubt)
