"""A multiplier holds the reconstruction at a set point, as ControlVAE holds the KL.

GECO (Rezende & Viola 2018, arXiv 1810.00597, algorithm 1).

They minimise KL + lambda (reconstruction - target). Here the KL is weighed, by beta = 1 / lambda, which is
the same but for the scale of the loss. At every gradient step, with the reconstruction of its batch, in
nats:

    C      = reconstruction - target
    mean   = C at first, then memory * mean + (1 - memory) * C
    beta   = 1 / lambda                                 weighs this step's KL
    lambda = lambda * exp(rate * mean)                  of the next step; it starts at 1

A reconstruction above its target lowers beta. lambda is kept within the bounds of beta, so that beta can
leave a bound at once.
"""

import math

import torch
from pydantic import PositiveFloat
from torch import Tensor

from uncollapse.methods.kl_weight import KLWeight, KLWeightState


def geco(
    *,
    reconstruction_target: float,
    rate: PositiveFloat = 0.001,
    memory: float = 0.99,
    low: PositiveFloat = 0.001,
    high: PositiveFloat = 10.0,
) -> KLWeight:
    """Return a weight that settles the reconstruction on `reconstruction_target` nats; `rate` is per nat.

    Raises ValueError unless low < high and memory is in [0, 1).
    """
    if low >= high:
        raise ValueError(f"low ({low}) should be less than high ({high})")
    if not 0 <= memory < 1:
        raise ValueError(f"memory ({memory}) should be 0 or more and less than 1")

    def init() -> KLWeightState:
        zero = torch.tensor(0.0, dtype=torch.float64)
        return {"log_lambda": zero, "mean": zero, "step": torch.tensor(0)}

    def update(state: KLWeightState, kl: Tensor, reconstruction: Tensor) -> tuple[Tensor, KLWeightState]:
        log_lambda, mean = state["log_lambda"].to(kl.device), state["mean"].to(kl.device)
        step = state["step"].to(kl.device)
        error = reconstruction.mean().double() - reconstruction_target
        mean = torch.where(step == 0, error, memory * mean + (1 - memory) * error)
        following = (log_lambda + rate * mean).clamp(-math.log(high), -math.log(low))
        state = {"log_lambda": following, "mean": mean, "step": step + 1}
        return (-log_lambda).exp().to(kl.dtype), state

    return KLWeight(init, update)
