"""ControlVAE: a PI controller holds the KL at a set point (Shao et al. 2020, arXiv 2004.05988, section 4 and algorithm 1).

At every gradient step, with the KL of the step's batch, in nats:

    e    = kl_target - kl
    P    = kp * sigmoid(-e)                 a KL above its target raises beta, by kp at most
    I    = I - ki * e                       starts at `low`
    beta = clamp(P + I, low, high)          prices this same step's KL, without gradient

Anti-windup. `paper` holds I while P + I, as it was at the last step, is out of range and the error would drive it further
out. Held whatever the error, as the rule is written, I would stay for good once it is out of range by itself, for
then P cannot bring P + I back; steps of ki * |e| > kp do that, which larger gains than the paper's reach early on.
`released` never holds: the authors' PyTorch code tests a condition that cannot be true.

The authors' text code lets beta price the next step's KL, their image code this step's, as here.
"""

from typing import Literal

import torch
from pydantic import NonNegativeFloat, PositiveFloat
from torch import Tensor

from uncollapse.methods.kl_weight import KLWeight, State


def pi(
    *,
    kl_target: PositiveFloat,
    kp: NonNegativeFloat = 0.01,
    ki: NonNegativeFloat = 0.0001,
    low: NonNegativeFloat = 0.0,
    high: PositiveFloat = 1.0,
    antiwindup: Literal["paper", "released"] = "paper",
) -> KLWeight:
    """Price the KL so that it settles on `kl_target` nats. Raises ValueError unless low < high."""
    if low >= high:
        raise ValueError(f"low ({low}) should be less than high ({high})")

    def init() -> State:
        start = torch.tensor(low, dtype=torch.float64)
        return {"integral": start, "unclamped": start}

    def update(state: State, kl: Tensor) -> tuple[Tensor, State]:
        error = kl_target - kl.sum(1).mean().double()
        proportional = kp * torch.sigmoid(-error)
        held, last = (state[name].to(error.device) for name in ("integral", "unclamped"))
        outward = ((last > high) & (error < 0)) | ((last < low) & (error > 0))
        integral = torch.where(outward & (antiwindup == "paper"), held, held - ki * error)
        unclamped = proportional + integral
        return unclamped.clamp(low, high).to(kl.dtype), {"integral": integral, "unclamped": unclamped}

    return KLWeight(init, update)
