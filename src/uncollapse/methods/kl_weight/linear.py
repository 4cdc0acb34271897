"""The weight rises linearly from `start` to `end` and stays there: KL annealing.

Bowman et al. 2016, arXiv 1511.06349. He et al. 2019 go from 0.1 to 1 over the first ten epochs.
"""

import torch
from pydantic import NonNegativeFloat, PositiveInt
from torch import Tensor

from uncollapse.methods.kl_weight import KLWeight, KLWeightState


def linear(*, steps: PositiveInt, start: NonNegativeFloat = 0.0, end: NonNegativeFloat = 1.0) -> KLWeight:
    """Return beta = start + (end - start) min(t / steps, 1) at batch t = 0, 1, ..."""

    def update(state: KLWeightState, kl: Tensor, reconstruction: Tensor) -> tuple[Tensor, KLWeightState]:
        risen = (state["step"] / steps).clamp(max=1).to(kl.device, kl.dtype)
        return start + (end - start) * risen, {"step": state["step"] + 1}

    return KLWeight(lambda: {"step": torch.tensor(0)}, update, batches=steps)
