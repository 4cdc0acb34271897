"""Tokens: the next one is drawn from softmax(output). The end mark is predicted like a word, padding is not."""

from torch import Tensor
from torch.nn.functional import cross_entropy

from uncollapse.likelihoods import Likelihood


def categorical() -> Likelihood:
    """x (B, T) integers, 0 for padding; `output` (B, T, V) logits."""

    def log_prob(x: Tensor, output: Tensor) -> Tensor:
        loss = cross_entropy(output.flatten(0, 1), x.flatten(), ignore_index=0, reduction="none")
        return -loss.view(x.shape).sum(1)

    return Likelihood("tokens", lambda tokens, stream: tokens, log_prob, units=lambda x: (x != 0).sum())
