"""What a loss really optimises: the weights that it gives to the reconstruction and to the KL.

A loss that equals

    L = a * sum_n -log p(x_n|z_n) + c * sum_n KL(q(z|x_n) || p(z)) + constant

is the negative ELBO of a beta-VAE with beta = c / a (Higgins et al. 2017), whatever its author summed or
averaged. Both weights can be read off the gradients of one batch: the gradient in the output is a times the
gradient of the negative log likelihood; those in mu and logvar are c times mu and c (exp(logvar) - 1) / 2.
A loss whose gradients have another shape is no negative ELBO. Each weight is read alone, so that of the KL is
known where the reconstruction is not, and the other way round.

With a Gaussian likelihood of variance s, a weight beta is the same as a weight of 1 with the variance beta s
(Rybkin et al. 2021, arXiv 2006.13202).
"""

from typing import Any, Literal

from torch import Tensor

from uncollapse.your_vae.latents.sampler import Sampler, check_sampler
from uncollapse.your_vae.loss.array_bridge import bridge_arrays, bridge_function
from uncollapse.your_vae.loss.audit_inputs import check_batch, check_likelihood
from uncollapse.your_vae.loss.audit_verdict import Audit, conclude
from uncollapse.your_vae.loss.audited_batch import (
    AuditBatch,
    Loss,
    NoElbo,
    Probe,
    choose_precision,
    compute_gradients,
)
from uncollapse.your_vae.loss.candidates import LikelihoodFunction, choose_candidates
from uncollapse.your_vae.loss.kl_terms import find_kl
from uncollapse.your_vae.loss.reconstruction import read_reconstruction


def audit(
    loss: Loss,
    output: Any,
    x: Any,
    mu: Any = None,
    logvar: Any = None,
    *,
    likelihood: str | LikelihoodFunction | None = None,
    output_is: Literal["logits", "probabilities", "log_probabilities", "log_rate", "rate"] | None = None,
    variance: float | Tensor = 1.0,
    sample: Sampler | None = None,
) -> Audit:
    """Audit the scalar `loss(output, x, mu, logvar)` with one batch.

    `output` is what the decoder gave: a tensor (N, ...), or a tuple, list or dictionary of tensors, such as a
    mean and a logvar. `x` is a tensor (N, ...) of real or whole numbers; where the output has as many values
    in another shape, such as (N, 784) beside (N, 1, 28, 28), they are compared in the same order. `mu` and
    `logvar` have one shape, (N, ...). `likelihood` is the name of a known likelihood (the keys of
    `audit_likelihoods`), or a function of output and x that returns -log p(x|z) of each example in nats,
    (N,); left out, it is recognised. `output_is` chooses one way to write a likelihood. `variance`, that of
    each value which is meant, is for "gaussian". `sample(mu, logvar)` draws z, and is compared with what the
    KL charges for. The loss and the arrays may also be of JAX, TensorFlow or Keras, see
    `your_vae.loss.array_bridge`.

    Raises ValueError with one line that names the argument.
    """
    check_likelihood(likelihood, output_is, variance)
    tensors, library = bridge_arrays({"output": output, "x": x, "mu": mu, "logvar": logvar})
    loss = bridge_function("loss", loss, library)
    likelihood = bridge_function("likelihood", likelihood, library) if callable(likelihood) else likelihood
    check_batch(**tensors)
    batch = choose_precision(loss, AuditBatch(**tensors).change(Tensor.detach))
    allowed, others = choose_candidates(batch, likelihood, output_is, variance)
    drawn = check_sampler(sample, batch.mu, batch.logvar) if sample else None
    try:
        first = Probe(batch, compute_gradients(loss, batch))
    except NoElbo as why:
        return Audit(None, None, None, None, {}, f"no negative ELBO: {why}")
    moved = [try_probe(loss, batch.move_output(*move)) for move in ((0.5, 0.2), (0.8, 0.1))]
    half = batch.cut()
    in_half = try_probe(loss, half) if half else None
    reconstruction = read_reconstruction(
        [first, *[probe for probe in moved if probe]], in_half, allowed, others
    )
    kl = find_kl(loss, batch, first.gradients, half if in_half else None)
    meant = variance if isinstance(variance, int | float) else None
    return conclude(batch, reconstruction, kl, drawn, meant, likelihood is not None)


def try_probe(loss: Loss, batch: AuditBatch) -> Probe | None:
    """Return a batch with its gradients, None if the loss cannot be computed there."""
    try:
        return Probe(batch, compute_gradients(loss, batch))
    except (NoElbo, ValueError):
        return None
