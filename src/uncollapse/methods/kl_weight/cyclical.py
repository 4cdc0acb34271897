"""The weight rises again and again: cyclical annealing.

Fu et al. 2019, arXiv 1903.10145, eq. 6. Within a cycle of `period` batches the weight rises from `start` to
`end` linearly during the first share `rising`, and then stays at `end`.
"""

from typing import Annotated

import torch
from pydantic import Field, NonNegativeFloat, PositiveInt
from torch import Tensor

from uncollapse.methods.kl_weight import KLWeight, KLWeightState


def cyclical(
    *,
    period: PositiveInt,
    rising: Annotated[float, Field(gt=0, le=1)] = 0.5,
    start: NonNegativeFloat = 0.0,
    end: NonNegativeFloat = 1.0,
) -> KLWeight:
    """Return beta = start + (end - start) min(tau / rising, 1) at batch t = 0, 1, ...

    tau = (t mod period) / period.
    """

    def update(state: KLWeightState, kl: Tensor, reconstruction: Tensor) -> tuple[Tensor, KLWeightState]:
        tau = (state["step"] % period) / period
        risen = (tau / rising).clamp(max=1).to(kl.device, kl.dtype)
        return start + (end - start) * risen, {"step": state["step"] + 1}

    return KLWeight(lambda: {"step": torch.tensor(0)}, update, batches=period)
