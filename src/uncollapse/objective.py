"""The training loss of a batch, and the ELBO of data that are not trained on.

    loss = reconstruction + share * sum_i beta_i KL_i + penalty        of each example, in nats

beta comes from the slot `kl_weight`; share and penalty come from the slot `divergence`. With beta 1,
share 1 and no penalty this is the negative ELBO (Kingma & Welling 2014, arXiv 1312.6114, eq. 7).
"""

from typing import NamedTuple

import torch
from torch import Tensor

from uncollapse.data.prepared import Part, to_tensor
from uncollapse.methods import Method
from uncollapse.methods.kl_weight import State
from uncollapse.methods.perturbation import Inputs
from uncollapse.vae import VAE, Gaussian, evaluating


class Terms(NamedTuple):
    """Loss and reconstruction (B,) and KL_i (B, D) in nats; beta, which broadcasts to (B, D); the KL
    weight's next state."""

    loss: Tensor
    reconstruction: Tensor
    kl: Tensor
    beta: Tensor
    state: State


def objective(vae: VAE, method: Method, x: Tensor, inputs: Inputs, noise: Tensor, state: State) -> Terms:
    """The terms of the loss of a batch x (B, ...), of which encoder and decoder read `inputs`.

    `noise` (2, B, D) is standard normal: for z, and for a sample of the prior. `state` is that of the KL
    weight.
    """
    q = vae.encode(inputs.encoder, inputs.embedded)
    z = q.sample(noise[0])
    reconstruction, kl = -vae.log_likelihood(x, z, inputs.decoder), q.kl()
    beta, state = method.kl_weight.update(state, kl.detach(), reconstruction.detach())
    loss = reconstruction + method.divergence.share * (beta * kl).sum(1)
    if method.divergence.penalty is not None:
        loss = loss + method.divergence.penalty(vae, x, q, z, noise[1])
    return Terms(loss, reconstruction, kl, beta, state)


def elbo(vae: VAE, part: Part, q: Gaussian, generator: torch.Generator, size: int = 500) -> float:
    """The ELBO in nats, the mean over a part whose q(z|x) is `q` (N, D), in evaluation mode: the exact KL,
    and one sample of z for the reconstruction."""
    device, total = next(vae.parameters()).device, -float(q.kl().double().sum())
    z = q.sample(torch.randn(q.mu.shape, generator=generator))
    with evaluating(vae):
        for start in range(0, len(part), size):
            x = to_tensor(part.x[start : start + size], device)
            total += float(vae.log_likelihood(x, z[start : start + size].to(device)).double().sum())
    return total / len(part)
