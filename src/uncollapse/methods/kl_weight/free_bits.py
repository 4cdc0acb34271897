"""Free bits (Kingma et al. 2016, arXiv 1606.04934, eq. 15): the first nats of KL cost nothing, so nothing pulls them to zero.

The loss holds sum max(KL, free) in place of the KL. Its gradient is that of the KL where the KL is above `free`, and zero elsewhere;
so free bits is a price like any other, of 1 or 0. `per` says what is held against `free`:

    example    KL_i of each example                free nats a dimension
    dimension  KL_i on average over the batch      free nats a dimension (the paper's; with a batch for its groups)
    total      the whole KL on average             free * D nats in all (Li et al. 2019 call this mode 1)
"""

from typing import Literal

from pydantic import PositiveFloat
from torch import Tensor

from uncollapse.methods.kl_weight import KLWeight, State


def free_bits(
    *, free: PositiveFloat = 0.25, per: Literal["example", "dimension", "total"] = "dimension"
) -> KLWeight:
    """The KL above `free` nats a dimension costs 1, that below costs nothing."""
    above = {
        "example": lambda kl: kl > free,
        "dimension": lambda kl: kl.mean(0) > free,
        "total": lambda kl: kl.mean() > free,
    }[per]

    def update(state: State, kl: Tensor) -> tuple[Tensor, State]:
        return above(kl).to(kl.dtype), state

    return KLWeight(dict, update)
