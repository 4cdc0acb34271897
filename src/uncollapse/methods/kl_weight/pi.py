"""A PI controller keeps the KL at a set point: ControlVAE.

Shao et al. 2020, arXiv 2004.05988, section 4 and algorithm 1.

At every gradient step, with the KL of the step's batch, in nats:

    e    = kl_target - kl
    P    = kp * sigmoid(-e)                 a KL above its target raises beta, by kp at most
    I    = I - ki * e                       starts at `low`
    beta = clamp(P + I, low, high)          weighs this same step's KL, without gradient

Anti-windup, while P + I of the last step is out of range:

    paper      keeps I whatever the error. I then stays for good once it is out of range by itself, because P
               cannot bring P + I back. Steps of ki * |e| > kp do that; large gains reach it early on
    outward    keeps I where the error would drive it further out
    released   never keeps I: the authors' PyTorch code tests a condition that cannot be true

In the authors' text code beta weighs the next step's KL, in their image code this step's, as here.
"""

from typing import Literal

import torch
from pydantic import NonNegativeFloat, PositiveFloat
from torch import Tensor

from uncollapse.methods.kl_weight import KLWeight, KLWeightState


def pi(
    *,
    kl_target: PositiveFloat,
    kp: NonNegativeFloat = 0.01,
    ki: NonNegativeFloat = 0.0001,
    low: NonNegativeFloat = 0.0,
    high: PositiveFloat = 1.0,
    antiwindup: Literal["paper", "outward", "released"] = "outward",
) -> KLWeight:
    """Return a weight that settles the KL on `kl_target` nats. Raises ValueError unless low < high."""
    if low >= high:
        raise ValueError(f"low ({low}) should be less than high ({high})")

    def init() -> KLWeightState:
        start = torch.tensor(low, dtype=torch.float64)
        return {"integral": start, "unclamped": start}

    def update(state: KLWeightState, kl: Tensor, reconstruction: Tensor) -> tuple[Tensor, KLWeightState]:
        error = kl_target - kl.sum(1).mean().double()
        proportional = kp * torch.sigmoid(-error)
        integral, unclamped = state["integral"].to(error.device), state["unclamped"].to(error.device)
        following = integral - ki * error
        above, below = unclamped > high, unclamped < low
        if antiwindup == "paper":
            following = torch.where(above | below, integral, following)
        elif antiwindup == "outward":
            outward = (above & (error < 0)) | (below & (error > 0))
            following = torch.where(outward, integral, following)
        unclamped = proportional + following
        return unclamped.clamp(low, high).to(kl.dtype), {"integral": following, "unclamped": unclamped}

    return KLWeight(init, update, target=kl_target)
