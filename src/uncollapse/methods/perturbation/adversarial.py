"""The encoder reads the example that raises the loss most, within a ball around the clean one.

    delta = argmax loss(x + delta),  |delta| <= radius

in the input space of the encoder; for words, of their embeddings.

One step is FGSM (Goodfellow et al. 2015, arXiv 1412.6572, section 4); for words, the 2-norm is used as by
Miyato et al. 2017 (arXiv 1605.07725, eq. 5). More steps are PGD (Madry et al. 2018, arXiv 1706.06083, section
2.1) from the clean example. Each example keeps the worst of the visited points, so its loss is never below
the clean one's, for one more gradient. The adversary knows the noise of z: it is the noise of the gradient
step.
"""

from typing import Literal

import torch
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt
from torch import Tensor

from uncollapse.methods.perturbation import Context, Inputs, Perturbation


def adversarial(
    *,
    radius: NonNegativeFloat,
    norm: Literal["inf", "2"] = "inf",
    steps: PositiveInt = 1,
    stride: PositiveFloat = 1.0,
) -> Perturbation:
    """Return an adversary that takes `steps` steps of `stride` radii each, within a ball.

    The ball is of the max-norm or the 2-norm over all inputs of an example.
    """

    def size(delta: Tensor) -> Tensor:
        return delta.flatten(1).norm(dim=1).view(-1, *[1] * (delta.ndim - 1))

    def perturb(inputs: Inputs, context: Context) -> Inputs:
        embedded = context.vae.encoder.embed(inputs.encoder) if inputs.embedded is None else inputs.embedded
        clean = embedded.detach()
        delta, losses, deltas = torch.zeros_like(clean), [], []
        for _ in range(steps + 1):
            loss, gradient = context.gradient(inputs, clean + delta)
            losses.append(loss)
            deltas.append(delta)
            direction = gradient.sign() if norm == "inf" else gradient / size(gradient).clamp(min=1e-12)
            delta = delta + stride * radius * direction
            if norm == "inf":
                delta = delta.clamp(-radius, radius)
            else:
                delta = delta * (radius / size(delta).clamp(min=1e-12)).clamp(max=1)
        worst = torch.stack(losses).argmax(0)
        index = torch.arange(len(clean), device=clean.device)
        return inputs._replace(embedded=embedded + torch.stack(deltas)[worst, index])

    return Perturbation(perturb)
