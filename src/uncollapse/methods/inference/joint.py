"""Encoder and decoder are updated together, one step for each batch.

Kingma & Welling 2014, arXiv 1312.6114, algorithm 1.
"""

from torch import Tensor

from uncollapse.methods.inference import DrawBatch, Inference, InferenceState, StepFunction, StepResult


def joint() -> Inference:
    """Return the order in which one step updates both."""

    def step(state: InferenceState, x: Tensor, gradient_step: StepFunction, draw: DrawBatch) -> StepResult:
        return gradient_step(x)

    return Inference(init=dict, step=step, epoch=lambda state, mi: state)
