"""The slot `auxiliary` of methods.

What else does z have to tell, in training?

A task is a module of its own, which is trained with the decoder and left out of everything that is measured:
its loss is added to the loss of a batch, and the reported ELBO stays the ELBO.
"""

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor, nn

from uncollapse.vae import VAE


class Auxiliary(NamedTuple):
    """A task beside the reconstruction.

    `task(vae, x)` makes, for a batch like x (B, ...), a module whose value for z (B, D) and x is a loss in
    nats, (B,). It is None where there is no task.
    """

    task: Callable[[VAE, Tensor], nn.Module] | None
