"""The diagnosis of any VAE with a Gaussian posterior, from the encodings of some data."""

from dataclasses import replace
from typing import Any

import torch

from uncollapse.your_vae.discrete.discrete_latents import diagnose_discrete, doubt_quantised, refuse_others
from uncollapse.your_vae.handed_over.encodings import find_doubt
from uncollapse.your_vae.handed_over.posterior_inputs import read_posterior
from uncollapse.your_vae.latents.decoder_verdict import add_reads
from uncollapse.your_vae.latents.latents import compare_to_prior
from uncollapse.your_vae.latents.posterior_diagnosis import diagnose_posterior
from uncollapse.your_vae.latents.sampler import doubt_sampler
from uncollapse.your_vae.latents.structured import arrange_latents, fill_padding, join_levels

NO_PRIORS = "every level is compared with N(0, I), as no prior= was handed over"


def diagnose(
    mu: Any = None,
    logvar: Any = None,
    *more: Any,
    var: Any = None,
    std: Any = None,
    labels: Any = None,
    delta: float = 0.01,
    prior: Any = None,
    axis: Any = None,
    mask: Any = None,
    levels: Any = None,
    sample: Any = None,
    reads: Any = None,
    codes: Any = None,
    size: Any = None,
    probabilities: Any = None,
) -> Any:
    """Diagnose a VAE from its q(z|x): means and one of `logvar`, `var` and `std`, (N, ...) each.

    Hand over the q(z|x) that is sampled in training. The arrays may be of any library; in place of them `mu`
    may be a Gaussian distribution, a dict or a tuple, or a list of batches of any of these. Take data that
    the VAE was trained on for the collapse curve, and data held out for all else; take 2,000 examples or
    more, because the estimate of the mutual information cannot exceed ln N. The result is a
    `your_vae.latents.diagnosis.Diagnosis`.

    labels           (N,), for a linear probe
    delta            the share of examples whose KL may exceed eps in a dimension that has collapsed
    prior            the prior where it is not N(0, I): (mu_p, logvar_p), a distribution, or a function
                     z -> log p(z)
    axis, mask       the axis of the channels in (N, T, C) or (N, C, H, W), and where a step exists, (N, T)
    levels           in place of `mu`, a list of the q(z|x) of each level; `prior` then lists their priors
    sample           your reparameterisation, called as sample(mu, logvar): does it draw what the KL charges
                     for?
    reads            a result of `uncollapse.reads` on the same model: does it contradict q(z|x)?
    codes, size      alone: the indices of a VQ-VAE and the size of its book, for a
                     `your_vae.discrete.codes.CodeDiagnosis`
    probabilities    alone or with `prior`: of categorical variables, (N, K) or (N, M, K), for a
                     `your_vae.discrete.categories.CategoryDiagnosis`; also as `mu` alone

    Raises ValueError with one line that names the argument for other shapes, NaN, infinity, values that are
    no numbers, a single row, or a `sample` that fails.
    """
    given = {"mu": mu, "logvar": logvar, "var": var, "std": std, "axis": axis, "mask": mask, "levels": levels}
    given |= {"sample": sample, "reads": reads}
    others = {**given, "labels": labels, "prior": prior}
    if (discrete := diagnose_discrete(codes, size, probabilities, others)) is not None:
        return discrete
    if levels is not None:
        refuse_others("levels", "with prior= and labels= alone", find_given(given))
        latents, doubt = join_levels(levels, prior)
        found = diagnose_posterior(latents, labels, delta, doubt)
        return replace(found, note=NO_PRIORS) if prior is None else found
    if mu is None:
        raise ValueError(
            "mu: should be given, with one of logvar, var and std, or else codes= and size=, or levels="
        )
    mu, logvar = fill_padding(mu, 0.0, axis, mask), fill_padding(logvar, 0.0, axis, mask)
    var, std = fill_padding(var, 1.0, axis, mask), fill_padding(std, 1.0, axis, mask)
    encodings = read_posterior(mu, logvar, *more, var=var, std=std)
    doubt = find_doubt(encodings, prior)
    if doubt is None and sample is not None:
        doubt = doubt_sampler(sample, encodings.q, mu if isinstance(mu, torch.Tensor) else encodings.shaped)
    latents = compare_to_prior(encodings, prior)
    if axis is not None or mask is not None:
        latents, inverted = arrange_latents(latents, encodings.shape, axis, mask)
        doubt = doubt or inverted
    found = add_reads(diagnose_posterior(latents, labels, delta, doubt), reads)
    if axis is None and mask is None and len(encodings.shape) == 2:
        found = replace(found, note=describe_two_axes(encodings.shape))
    quantised = doubt_quantised(encodings.mu, encodings.logvar) if (doubt or prior) is None else None
    if quantised is None:
        return found
    # Islands of a few points are holes, whether they are codes or not.
    words = f"{found.verdict};" if found.verdict.startswith("holes") else "in doubt:"
    return replace(found, doubt=f"{words} {quantised}")


def describe_two_axes(shape: tuple[int, ...]) -> str:
    """Say how the latents of an example with two axes were taken, because batches may be stacked."""
    return (
        f"an example is taken to have latents of the shape {shape}: for channels at steps pass axis=, and "
        "for stacked batches mu.flatten(0, 1)"
    )


def find_given(arguments: dict[str, Any]) -> list[str]:
    """Return the names of the arguments beside `levels` that are given."""
    return [name for name, value in arguments.items() if value is not None and name != "levels"]
