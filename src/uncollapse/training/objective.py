"""The training loss of a batch, and the ELBO of data that are not trained on.

    loss = reconstruction + share * sum_i beta_i KL_i + penalty - gain + task     of each example, in nats

beta comes from the slot `kl_weight`, share and penalty from `divergence`, gain from `bound`, task from
`auxiliary`. With beta 1, share 1 and none of the others this is the negative ELBO (Kingma & Welling 2014,
arXiv 1312.6114, eq. 7).
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from uncollapse.data.part import Part, to_tensor
from uncollapse.methods import Method
from uncollapse.methods.kl_weight import KLWeightState
from uncollapse.methods.perturbation import Inputs
from uncollapse.vae import VAE, Gaussian, evaluating


class Terms(NamedTuple):
    """The terms of the loss of a batch.

    Loss and reconstruction (B,) and KL_i (B, D) in nats; beta, which broadcasts to (B, D); the KL weight's
    next state.
    """

    loss: Tensor
    reconstruction: Tensor
    kl: Tensor
    beta: Tensor
    state: KLWeightState


def count_more_noise(vae: VAE, method: Method) -> int:
    """Return the number of noise samples per example that a step needs beyond the two it always draws."""
    return method.bound.samples - 1 + (vae.refinement.steps if vae.refinement else 0)


def compute_objective(
    vae: VAE,
    method: Method,
    x: Tensor,
    inputs: Inputs,
    noise: Tensor,
    state: KLWeightState,
    task: nn.Module | None = None,
) -> Terms:
    """Return the terms of the loss of a batch x (B, ...), of which encoder and decoder read `inputs`.

    `noise` (2 + count_more_noise, B, D) is standard normal: for a sample of z and one of the prior, for
    further samples of z, and for the refinement of q. `state` is the KL weight's; `task` is the module of
    `auxiliary`.
    """
    (share, penalty), (samples, gain) = method.divergence, method.bound
    q = vae.refine(vae.encode(inputs.encoder, inputs.embedded), x, inputs.decoder, noise[samples + 1 :])
    own = torch.cat([noise[:1], noise[2 : samples + 1]])
    z, kl = q.sample(own), q.kl()
    each = x.expand(samples, *x.shape).flatten(0, 1)
    read = inputs.decoder.expand(samples, *inputs.decoder.shape).flatten(0, 1)
    log_likelihood = vae.log_likelihood(each, z.flatten(0, 1), read).view(samples, -1)
    reconstruction = -log_likelihood.mean(0)
    beta, state = method.kl_weight.update(state, kl.detach(), reconstruction.detach())
    loss = reconstruction + share * (beta * kl).sum(1)
    if penalty is not None:
        loss = loss + penalty(vae, x, q, z[0], noise[1])
    if gain is not None:
        # This is log q(z_i|x) / p(z_i).
        log_ratio = 0.5 * (z.square() - own.square() - q.logvar)
        loss = loss - gain(log_likelihood - share * (beta * log_ratio).sum(2))
    if task is not None:
        loss = loss + task(z[0], x)
    return Terms(loss, reconstruction, kl, beta, state)


def measure_elbo(vae: VAE, part: Part, q: Gaussian, generator: torch.Generator, size: int = 500) -> float:
    """Return the ELBO in nats, the mean over a part whose q(z|x) is `q` (N, D), in evaluation mode.

    The KL is exact, and the reconstruction takes one sample of z.
    """
    device, total = next(vae.parameters()).device, -float(q.kl().double().sum())
    z = q.sample(torch.randn(q.mu.shape, generator=generator))
    with evaluating(vae):
        for start in range(0, len(part), size):
            x = to_tensor(part.x[start : start + size], device)
            total += float(vae.log_likelihood(x, z[start : start + size].to(device)).double().sum())
    return total / len(part)
