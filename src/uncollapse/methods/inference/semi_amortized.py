"""The encoder's q(z|x) is refined for each example by gradient steps.

SA-VAE (Kim et al. 2018, arXiv 1802.02550, algorithm 1).

    lambda = encoder(x), v = 0;   at each step   v = momentum v + grad ELBO(lambda), lambda = lambda + rate v

lambda is mu and logvar, and training minimises the loss where these steps end. Gradients for encoder and
decoder go through all steps, by the exact second derivatives where the authors took differences. Measures are
of the refined q too. Our choices: the ELBO of these steps has a KL weight of 1 and one sample of z; each
example's gradient is clipped by itself, so that no q(z|x) depends on its batch; and where nothing is trained,
the samples are the same for all examples, so that q(z|x) is a function of x. A bound that the encoder's head
keeps on the KL does not hold for the refined q.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import torch
from pydantic import Field, NonNegativeInt, PositiveFloat
from torch import Tensor

from uncollapse.compute.private_torch import is_mkldnn_enabled, set_mkldnn_enabled
from uncollapse.methods.inference import Inference
from uncollapse.methods.inference.joint import joint
from uncollapse.seeds import torch_generator
from uncollapse.vae import VAE, Gaussian, Refinement


@contextmanager
def refining(vae: VAE) -> Iterator[None]:
    """Compute gradients without the fused LSTMs of CPU and GPU, which have no second derivatives.

    A likelihood that learns from its batches learns at the refined q alone.
    """
    before = is_mkldnn_enabled()
    training = vae.scale.training
    vae.scale.eval()
    set_mkldnn_enabled(False)
    try:
        with torch.enable_grad(), torch.backends.cudnn.flags(enabled=False):
            yield
    finally:
        set_mkldnn_enabled(before)
        vae.scale.train(training)


def semi_amortized(
    *,
    steps: NonNegativeInt = 5,
    rate: PositiveFloat,
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.5,
    clip: PositiveFloat = 5.0,
) -> Inference:
    """Return joint updates with `steps` refinements of size `rate`.

    They go along gradients (per nat) whose norm is at most `clip`.
    """

    def refine(vae: VAE, q: Gaussian, x: Tensor, read: Tensor | None, noise: Tensor | None) -> Gaussian:
        learning = torch.is_grad_enabled()
        if noise is None:
            generator = torch_generator(0, "refinement")
            noise = torch.randn(steps, 1, vae.latents, generator=generator).to(q.mu)
        with refining(vae):
            now = [part if part.requires_grad else part.detach().requires_grad_() for part in q]
            speed = [torch.zeros_like(part) for part in now]
            for each in noise:
                q = Gaussian(*now)
                elbo = vae.log_likelihood(x, q.sample(each), read) - q.kl().sum(1)
                slopes = torch.autograd.grad(elbo.sum(), now, create_graph=learning)
                norm = torch.cat(slopes, 1).square().sum(1, keepdim=True).add(1e-12).sqrt()
                scale = (clip / norm).clamp(max=1.0)
                speed = [momentum * v + scale * slope for v, slope in zip(speed, slopes, strict=True)]
                now = [part + rate * v for part, v in zip(now, speed, strict=True)]
        return Gaussian(*(now if learning else [part.detach() for part in now]))

    return joint()._replace(refinement=Refinement(steps, refine))
