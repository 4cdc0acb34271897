"""The next token is drawn from softmax(output).

The end mark is predicted like a word; padding is not predicted.
"""

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from uncollapse.likelihoods import Likelihood


def categorical() -> Likelihood:
    """Return tokens x (B, T), integers with 0 for padding; `output` (B, T, V) holds logits."""

    def log_prob(x: Tensor, output: Tensor) -> Tensor:
        loss = cross_entropy(output.flatten(0, 1), x.flatten(), ignore_index=0, reduction="none")
        return -loss.view(x.shape).sum(1)

    def sample(output: Tensor, generator: torch.Generator) -> Tensor:
        shares = output.softmax(-1)
        return torch.multinomial(shares.flatten(0, -2), 1, generator=generator).view(output.shape[:-1])

    return Likelihood(
        "tokens",
        lambda tokens, generator: tokens,
        log_prob,
        units=lambda x: (x != 0).sum(),
        mean=lambda output: output.argmax(-1),
        sample=sample,
    )
