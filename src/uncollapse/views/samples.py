"""What a VAE makes of examples and of the prior: not a number, but what one looks at."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from uncollapse.data.prepared import END, Part, to_tensor
from uncollapse.vae import VAE, encode

ACROSS = 8  # examples in a row


@torch.no_grad()
def generate(vae: VAE, z: Tensor, like: Tensor, stream: torch.Generator | None) -> Tensor:
    """An x for each z (B, D), of the shape and type of `like` (1, ...): the mean of p(x|z), or a draw from it, place after place, where the decoder is
    autoregressive; without a stream the most likely value at each place in place of the draw."""
    mode = vae.training
    vae.eval()
    x = torch.zeros(len(z), *like.shape[1:], dtype=like.dtype, device=z.device)
    if vae.autoregressive:
        flat = x.view(len(z), -1)
        for place in range(flat.shape[1]):
            output = vae.output(z, x)
            drawn = vae.likelihood.mean(output) if stream is None else vae.likelihood.sample(output, stream)
            flat[:, place] = drawn.view(len(z), -1)[:, place]
    else:
        x = vae.likelihood.mean(vae.output(z, x))
    vae.train(mode)
    return x


def look(vae: VAE, x: NDArray[Any], seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """For examples x (N, ...): themselves, their reconstructions from the posterior means, and N draws from the prior."""
    device = next(vae.parameters()).device
    stream = torch.Generator(device).manual_seed(seed)
    clean = to_tensor(x, device)
    drawn = torch.randn(len(clean), vae.latents, generator=stream, device=device)
    z = torch.cat([encode(vae, Part(x)).mu.to(device), drawn])
    made = generate(vae, z, clean[:1], stream)
    return clean.cpu(), made[: len(clean)].cpu(), made[len(clean) :].cpu()


@torch.no_grad()
def between(vae: VAE, x: NDArray[Any], steps: int = 5) -> Tensor:
    """For pairs of examples x (2 N, ...): the most likely x (N, steps, ...) at points on the line from one posterior mean to the other, ends included.

    Where the decoder ignores z, they are the same all along (Bowman et al. 2016, arXiv 1511.06349, section 5.3, look at such lines).
    """
    device = next(vae.parameters()).device
    start, end = encode(vae, Part(x)).mu.to(device).unflatten(0, (-1, 2)).unbind(1)
    share = torch.linspace(0, 1, steps, device=device).view(-1, 1)
    z = torch.lerp(start.unsqueeze(1), end.unsqueeze(1), share)
    return generate(vae, z.flatten(0, 1), to_tensor(x[:1], device), None).unflatten(0, (-1, steps)).cpu()


def grid(rows: Sequence[Tensor]) -> NDArray[np.uint8]:
    """Batches of pictures (B, H, W) or (B, H, W, C), values in [0, 1], each in lines of ACROSS, one below the other, as one picture with white between."""
    lines = []
    for line in (line for batch in rows for line in batch.split(ACROSS)):
        height, width, *colour = line.shape[1:]
        sheet = np.ones((height + 2, ACROSS * (width + 2), *colour), np.float32)
        for i, one in enumerate(line.clamp(0, 1).numpy()):
            sheet[1:-1, i * (width + 2) + 1 : (i + 1) * (width + 2) - 1] = one
        lines.append(sheet)
    return (255 * np.concatenate(lines)).round().astype(np.uint8)


def sentences(x: Tensor, vocabulary: Sequence[str]) -> list[str]:
    """Tokens (B, T) as sentences, up to their end mark."""
    said = []
    for row in x.tolist():
        end = row.index(END) if END in row else len(row)
        said.append(" ".join(vocabulary[token] for token in row[:end]))
    return said
