"""A VAE makes x from examples, from draws of the prior, and from points between two examples.

z is (B, D). x and what is generated are (B, ...): grey values or colours as floats, real values, or tokens.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from uncollapse.data.part import END, Part, to_tensor
from uncollapse.vae import VAE, encode_part, evaluating

PER_ROW = 8  # examples


def generate_examples(vae: VAE, z: Tensor, like: Tensor, rng: torch.Generator | None) -> Tensor:
    """Return an x for each z (B, D), of the shape and type of `like` (1, ...): the mean of p(x|z).

    If the decoder is autoregressive, the dimensions of x (pixels or words) are drawn one after the other,
    each given the ones before it; without an `rng` the most likely value is taken in place of a draw.
    """
    x = torch.zeros(len(z), *like.shape[1:], dtype=like.dtype, device=z.device)
    with evaluating(vae):
        if vae.autoregressive:
            flat = x.view(len(z), -1)
            for i in range(flat.shape[1]):
                output = vae.output(z, x)
                values = vae.likelihood.mean(output) if rng is None else vae.likelihood.sample(output, rng)
                flat[:, i] = values.view(len(z), -1)[:, i]
        else:
            x = vae.likelihood.mean(vae.output(z, x))
    return x


def reconstruct_and_sample(vae: VAE, x: NDArray[Any], seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return x (N, ...), its reconstructions from the posterior means, and N samples of the prior."""
    device = next(vae.parameters()).device
    rng = torch.Generator(device).manual_seed(seed)
    examples = to_tensor(x, device)
    prior = torch.randn(len(examples), vae.latents, generator=rng, device=device)
    z = torch.cat([encode_part(vae, Part(x)).mu.to(device), prior])
    reconstructions, samples = generate_examples(vae, z, examples[:1], rng).split(len(examples))
    return examples.cpu(), reconstructions.cpu(), samples.cpu()


@torch.no_grad()
def interpolate_pairs(vae: VAE, x: NDArray[Any], points: int = 5) -> Tensor:
    """Return, for pairs x (2 N, ...), the most likely x at points between posterior means, (N, points, ...).

    The first and the last point are the means themselves. If the decoder ignores z, all x of a pair are the
    same (Bowman et al. 2016, arXiv 1511.06349, section 5.3, look at such lines).
    """
    device = next(vae.parameters()).device
    start, end = encode_part(vae, Part(x)).mu.to(device).unflatten(0, (-1, 2)).unbind(1)
    weight = torch.linspace(0, 1, points, device=device).view(-1, 1)
    z = torch.lerp(start.unsqueeze(1), end.unsqueeze(1), weight)
    return (
        generate_examples(vae, z.flatten(0, 1), to_tensor(x[:1], device), None)
        .unflatten(0, (-1, points))
        .cpu()
    )


def lay_out_pictures(batches: Sequence[Tensor]) -> NDArray[np.uint8]:
    """Return batches of pictures, (B, H, W) or (B, H, W, C), values in [0, 1], as one picture.

    Each batch begins a new row of PER_ROW pictures, with white between them.
    """
    rows = []
    for row in (row for batch in batches for row in batch.split(PER_ROW)):
        height, width, *colour = row.shape[1:]
        sheet = np.ones((height + 2, PER_ROW * (width + 2), *colour), np.float32)
        for i, picture in enumerate(row.clamp(0, 1).numpy()):
            sheet[1:-1, i * (width + 2) + 1 : (i + 1) * (width + 2) - 1] = picture
        rows.append(sheet)
    return (255 * np.concatenate(rows)).round().astype(np.uint8)


def write_out_tokens(x: Tensor, vocabulary: Sequence[str]) -> list[str]:
    """Return tokens (B, T) as B sentences, each up to its END."""
    texts = []
    for tokens in x.tolist():
        end = tokens.index(END) if END in tokens else len(tokens)
        texts.append(" ".join(vocabulary[token] for token in tokens[:end]))
    return texts
