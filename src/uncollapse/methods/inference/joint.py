"""Encoder and decoder are updated together, one step a batch (Kingma & Welling 2014, algorithm 1)."""

from torch import Tensor

from uncollapse.methods.inference import DrawBatch, Inference, InferenceState, StepFunction, StepResult


def joint() -> Inference:
    """One step of both."""

    def step(state: InferenceState, x: Tensor, gradient_step: StepFunction, draw: DrawBatch) -> StepResult:
        return gradient_step(x)

    return Inference(init=dict, step=step, epoch=lambda state, mi: state)
