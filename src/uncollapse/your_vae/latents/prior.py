"""The prior of anybody's VAE, where it is not N(0, I): learned, conditional, of a level below, or a mixture.

A Gaussian prior N(mu_p, diag exp logvar_p), which may differ from example to example as p(z|u) does, is
removed by whitening. The latents e = (z - mu_p) exp(-logvar_p / 2) are the noise of the prior, their own
prior is N(0, I), and KL(q(z|x) || p(z)) = KL(q(e|x) || N(0, I)), exactly and for each dimension, because the
divergence does not change under an invertible map. Any other prior is known by its log density alone.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from uncollapse.vae import Gaussian
from uncollapse.your_vae.handed_over.batches import is_array, join_batches
from uncollapse.your_vae.handed_over.encodings import Encodings
from uncollapse.your_vae.handed_over.gaussian_objects import is_distribution, names_gaussian, unwrap
from uncollapse.your_vae.handed_over.given_forms import read_forms
from uncollapse.your_vae.handed_over.named_spreads import Given, to_log_variance
from uncollapse.your_vae.handed_over.real_arrays import read_numbers, take_first_line

GAUSSIAN, DENSITY = "its own Gaussian prior", "its own prior, by its density"
LogDensity = Callable[[Any], Any]  # It gives log p(z) in nats, (N,), for z (N, ...).
LARGEST = 88.0  # The exp of a larger absolute value leaves the range of floats.


def read_prior(prior: Any, encodings: Encodings) -> Gaussian | LogDensity | None:
    """Return a prior as Gaussians (N, D) or as a function log p(z); None stands for N(0, I).

    A Gaussian prior comes in all the forms of a posterior, such as (mu_p, logvar_p), of the shape (N, ...) or
    shared by all examples. A function z -> log p(z), or an object with a `log_prob`, is any other prior.
    Raises ValueError with one line that begins with "prior".
    """
    if prior is None:
        return None
    if is_distribution(prior) and not names_gaussian(unwrap(prior)):
        return prior.log_prob
    if callable(prior) and not is_array(prior) and not is_distribution(prior):
        return prior
    try:
        forms = read_forms(prior)
        if forms[0].kind == "covariance":
            return read_log_density(prior)
        joined = forms[0] if len(forms) == 1 else join_forms(forms)
        whole = (len(encodings), *encodings.shape)
        logvar = to_log_variance(joined.kind, join_batches(joined.kind, joined.spread))
        means = fit_shape("mu", join_batches("mu", joined.means), whole)
        logvar = fit_shape(joined.kind, logvar, whole)
    except ValueError as error:
        raise ValueError(f"prior: {str(error).removeprefix('mu: ')}") from None
    if float(logvar.abs().max()) > LARGEST:
        raise ValueError(f"prior: exp of {float(logvar.abs().max()):.4g} as a variance is out of range")
    return Gaussian(means, logvar)


def read_log_density(prior: Any) -> LogDensity:
    """Return the log density of a distribution. Raises ValueError if it has none."""
    if not is_distribution(prior):
        raise ValueError("with a full covariance, it should be a distribution that has a log_prob")
    return prior.log_prob


def join_forms(forms: list[Given]) -> Given:
    """Return one prior of a list of priors by batch."""
    if len({form.kind for form in forms}) > 1:
        raise ValueError("the batches have spreads of different kinds")
    return Given([form.means for form in forms], forms[0].kind, [form.spread for form in forms])


def fit_shape(name: str, values: Tensor, whole: tuple[int, ...]) -> Tensor:
    """Return the numbers of a prior for every example and dimension, (N, D)."""
    flat = whole[0], torch.Size(whole[1:]).numel()
    for shape in (whole, flat):
        try:
            return values.expand(shape).reshape(flat)
        except RuntimeError:
            continue
    raise ValueError(f"its {name} has the shape {tuple(values.shape)}, but the latents have {whole}")


def whiten(encodings: Encodings, prior: Gaussian) -> Encodings:
    """Return the encodings of e = (z - mu_p) exp(-logvar_p / 2), whose prior is N(0, I)."""
    scale = (-0.5 * prior.logvar).exp()
    return replace(
        encodings,
        mu=(encodings.mu - prior.mu) * scale,
        logvar=encodings.logvar - prior.logvar,
        tril=None if encodings.tril is None else scale.unsqueeze(-1) * encodings.tril,
    )


def standardise(encodings: Encodings) -> Encodings:
    """Return the encodings of z in units where each dimension of q(z) has mean 0 and variance 1."""
    variance = encodings.mu.var(0, correction=0) + encodings.logvar.exp().mean(0)
    return whiten(encodings, Gaussian(encodings.mu.mean(0), variance.log()))


def evaluate_log_density(log_density: LogDensity, z: Tensor) -> Tensor:
    """Return log p(z) in nats, (N,), for z (N, ...), from a function of torch, NumPy or another library.

    Models may want singles, a GPU or NumPy, so all are tried. A density for each dimension is summed. Raises
    ValueError with one line if the function fails, or gives another shape or values that are not finite.
    """
    value = call_log_density(log_density, z)
    found = torch.from_numpy(read_numbers("prior", value))
    if found.shape == z.shape and z.ndim > 1:
        found = found.flatten(1).sum(1)
    if tuple(found.shape) not in ((len(z),), (len(z), 1)):
        shape = tuple(found.shape)
        raise ValueError(f"prior: log p(z) should have one number for each example, ({len(z)},), not {shape}")
    bad = int((~found.isfinite()).sum())
    if bad:
        raise ValueError(
            f"prior: log p(z) is not finite for {bad} of {len(z)} samples z of q(z|x), so there is no KL"
        )
    return found.view(-1)


def call_log_density(log_density: LogDensity, z: Tensor) -> Any:
    """Return what a log density gives for z (N, ...).

    Raises ValueError with one line if it fails on all kinds of arrays.
    """
    kinds = [z, z.float(), *([z.float().cuda()] if torch.cuda.is_available() else []), z.numpy()]
    errors = []
    for kind in [*kinds, z.float().numpy()]:
        try:
            with torch.no_grad():
                return log_density(kind)
        except Exception as error:  # A function of other people may raise anything.
            errors.append(take_first_line(error))
    raise ValueError(f"prior: its log density fails on z of the shape {tuple(z.shape)}: {errors[0]}")
