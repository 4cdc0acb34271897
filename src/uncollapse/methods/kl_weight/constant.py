"""The weight is constant: beta = 1 is the VAE, any other the beta-VAE.

Kingma & Welling 2014, arXiv 1312.6114; Higgins et al. 2017.
"""

import torch
from pydantic import NonNegativeFloat
from torch import Tensor

from uncollapse.methods.kl_weight import KLWeight, KLWeightState


def constant(*, beta: NonNegativeFloat = 1.0) -> KLWeight:
    """Return the weight that is `beta` at every step."""

    def update(state: KLWeightState, kl: Tensor, reconstruction: Tensor) -> tuple[Tensor, KLWeightState]:
        return torch.tensor(beta, device=kl.device), state

    return KLWeight(init=dict, update=update)
