"""The first nats of KL are free: they are not minimised, so nothing pulls them to zero.

Free bits (Kingma et al. 2016, arXiv 1606.04934, eq. 15). The loss has sum max(KL, free) in place of the KL.
Its gradient is the gradient of the KL where the KL is above `free`, and zero elsewhere; so free bits is a
weight like any other, of 1 or 0. `per` says what is compared with `free`:

    example    KL_i of each example                free nats a dimension
    dimension  KL_i, mean over the batch           free nats a dimension (the paper's, the batch as its group)
    total      the whole KL, mean over the batch   free * D nats in all (mode 1 of Li et al. 2019)
"""

from typing import Literal

from pydantic import PositiveFloat
from torch import Tensor

from uncollapse.methods.kl_weight import KLWeight, KLWeightState


def free_bits(
    *, free: PositiveFloat = 0.25, per: Literal["example", "dimension", "total"] = "dimension"
) -> KLWeight:
    """Return beta = 1 where the KL is above `free` nats a dimension, else 0."""
    above = {
        "example": lambda kl: kl > free,
        "dimension": lambda kl: kl.mean(0) > free,
        "total": lambda kl: kl.mean() > free,
    }[per]

    def update(state: KLWeightState, kl: Tensor, reconstruction: Tensor) -> tuple[Tensor, KLWeightState]:
        return above(kl).to(kl.dtype), state

    return KLWeight(dict, update, per_dimension=per != "total")
