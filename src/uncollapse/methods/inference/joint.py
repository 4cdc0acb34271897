"""Encoder and decoder are updated together, one step a batch (Kingma & Welling 2014, algorithm 1)."""

from torch import Tensor

from uncollapse.methods.inference import Draw, GradientStep, Inference, State, StepResult


def joint() -> Inference:
    """One step of both."""

    def step(state: State, x: Tensor, gradient_step: GradientStep, draw: Draw) -> StepResult:
        return gradient_step(x)

    return Inference(init=dict, step=step, epoch=lambda state, mi: state)
