"""The weight rises along a sigmoid: KL annealing.

Bowman et al. 2016, arXiv 1511.06349, section 3.1. The form is the baseline in ControlVAE's code (Shao et al.
2020): steepest in the middle, where the weight is 1/2, and 1 from the end on.
"""

import torch
from pydantic import PositiveInt
from torch import Tensor

from uncollapse.methods.kl_weight import KLWeight, KLWeightState


def sigmoid(*, steps: PositiveInt) -> KLWeight:
    """Return beta = sigmoid((t - steps / 2) / (steps / 10)) at batch t = 0, 1, ... before `steps`, then 1."""

    def update(state: KLWeightState, kl: Tensor, reconstruction: Tensor) -> tuple[Tensor, KLWeightState]:
        step = state["step"]
        risen = torch.where(step < steps, torch.sigmoid(10 * (step / steps - 0.5)), 1.0)
        return risen.to(kl.device, kl.dtype), {"step": step + 1}

    return KLWeight(lambda: {"step": torch.tensor(0)}, update, batches=steps)
